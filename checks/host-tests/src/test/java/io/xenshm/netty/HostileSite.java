package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.xenshm.link.HostileClient;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An honest listener, a well-behaved connection to it, and a domain that attacks. */
final class HostileSite {
  static final int ATTACKER = 3;
  private static final int PATIENCE_SECONDS = 20;

  final TwoDomains domains;
  final SimulatedXen attackerXen;
  final Channel listener;
  final int port;

  /** The server's ends of the attacker's connections. */
  final BlockingQueue<Received> children = new LinkedBlockingQueue<>();

  private final List<HostileClient> attackers = new ArrayList<>();
  private final Received echo = new Received();
  private final Channel neighbour;
  private int echoed;

  HostileSite() throws Exception {
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    attackerXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    listener = done(server().bind(new XenShmAddress(SERVER, 0)));
    port = ((InetSocketAddress) listener.localAddress()).getPort();
    neighbour = domains.connect(echo, listener);
  }

  ServerBootstrap server() {
    return domains.server(
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel child) {
            if (((XenShmAddress) child.remoteAddress()).domainId() == CLIENT) {
              child.pipeline().addLast(new Echo());
              return;
            }
            Received received = new Received();
            child.pipeline().addLast(received);
            children.add(received);
          }
        });
  }

  HostileClient attacker() throws Exception {
    HostileClient attacker = new HostileClient(attackerXen, SERVER);
    attackers.add(attacker);
    return attacker;
  }

  /** Makes an honest offer; returns the answer. */
  int offer(HostileClient attacker) {
    attacker.offer(port);
    return attacker.awaitAnswer();
  }

  Received nextChild() throws InterruptedException {
    Received child = children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertTrue(child != null, "no channel appeared");
    return child;
  }

  void assertTheNeighbourIsServed() throws Exception {
    neighbour.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000])).sync();
    echoed += 1000;
    echo.awaitBytes(echoed);
  }

  /** The neighbour's domain opens one more connection, and is answered. */
  void assertTheNeighbourConnects() throws Exception {
    Received received = new Received();
    Channel another = domains.connect(received, listener);
    another.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
    received.awaitBytes(10);
    another.close().sync();
  }

  void close() throws Exception {
    try {
      assertTheNeighbourIsServed();
      assertTheNeighbourConnects();
    } finally {
      attackers.forEach(HostileClient::close);
      attackerXen.close();
      domains.close();
    }
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }
  }
}
