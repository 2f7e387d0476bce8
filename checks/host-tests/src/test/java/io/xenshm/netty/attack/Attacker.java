package io.xenshm.netty.attack;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.link.HostileClient;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.contract.Side;
import java.util.concurrent.TimeUnit;

/** The hostile role: the raw primitives, and a neighbour of them that behaves. */
final class Attacker implements AutoCloseable {
  private static final int MESSAGE = 1000;
  private static final int SHUTDOWN_SECONDS = 60;
  private static final int CONNECT_MILLIS = 60_000;

  final HostileClient client;
  private final Side side;
  private final int attackedPort;
  private final EventLoopGroup loop;
  private final Channel neighbour;
  private final Attacked neighbourReceived = new Attacked();
  private long echoed;

  Attacker(Side side) throws Exception {
    this.side = side;
    int[] ports = side.receiveInts("ports");
    attackedPort = ports[0];
    // Before the hostile one: it removes what processes of this guest left that are gone.
    loop = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(side.xen()));
    neighbour = connect(ports[1], neighbourReceived);
    client = new HostileClient(side.xen(), side.peerDomain());
  }

  Side side() {
    return side;
  }

  /** Returns a further client. The caller closes it. */
  HostileClient another() throws Exception {
    return new HostileClient(side.xen(), side.peerDomain());
  }

  /** Offers as an honest client does; returns the listener's answer. */
  int offer(HostileClient offering) {
    offering.offer(attackedPort);
    return offering.awaitAnswer();
  }

  /** Makes an offer whose text is changed before. */
  int offer(HostileClient offering, String regex, String replacement) {
    offering.offerText(offering.honestOffer(attackedPort).replaceFirst(regex, replacement));
    return offering.awaitAnswer();
  }

  /** Connects to the attacked listener as it should be. */
  Channel connectHonestly(Attacked received) throws InterruptedException {
    return connect(attackedPort, received);
  }

  private Channel connect(int port, Attacked received) throws InterruptedException {
    return new Bootstrap()
        .group(loop)
        .channel(XenShmSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
        .handler(received)
        .connect(new XenShmAddress(side.peerDomain(), port))
        .sync()
        .channel();
  }

  void connect() {
    Roles.require(offer(client) == HostileClient.ACCEPTED, "the honest offer was not accepted");
  }

  /** Requires an echo on the connection that behaves. */
  void requireNeighbourIsServed() throws Exception {
    neighbour.writeAndFlush(Unpooled.wrappedBuffer(new byte[MESSAGE])).sync();
    echoed += MESSAGE;
    side.await("the neighbour's echo", () -> neighbourReceived.received.get() == echoed);
  }

  @Override
  public void close() {
    client.close();
    loop.shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
