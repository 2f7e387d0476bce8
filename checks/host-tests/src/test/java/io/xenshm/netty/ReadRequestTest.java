package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program's requests to read, without auto-read, are what epoll's channels make of them. */
class ReadRequestTest {
  private static final int PATIENCE_SECONDS = 20;
  private static final byte[] GREETING = new byte[100];

  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  /** Greets as soon as it is connected. */
  private Channel greetingListener() {
    return domains.bindAddress(
        new ChannelInboundHandlerAdapter() {
          @Override
          public boolean isSharable() {
            return true;
          }

          @Override
          public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(GREETING));
          }
        });
  }

  /** Keeps the sizes of what is read. */
  private static class Reads extends ChannelInboundHandlerAdapter {
    final BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes =
          message instanceof DatagramPacket packet ? packet.content() : (ByteBuf) message;
      sizes.add(bytes.readableBytes());
      bytes.release();
    }

    int next() throws InterruptedException {
      Integer size = sizes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return size == null ? 0 : size;
    }
  }

  private Bootstrap client(XenShmPath path, Reads reads) {
    return domains
        .client(reads)
        .option(ChannelOption.AUTO_READ, false)
        .option(
            XenShmChannelOption.XENSHM_MODE,
            path == XenShmPath.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED);
  }

  /** Lets the loops do what they would, if anything. */
  private static void settle(Channel... channels) throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      for (Channel channel : channels) {
        channel.eventLoop().schedule(() -> {}, 5, TimeUnit.MILLISECONDS).sync();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReadBeforeTheConnectCounts(XenShmPath path) throws Exception {
    Reads reads = new Reads();
    Channel channel = client(path, reads).register().sync().channel();
    channel.read();
    channel.connect(greetingListener().localAddress()).sync();

    assertEquals(GREETING.length, reads.next());
  }

  @ParameterizedTest
  @EnumSource
  void aReadAtRegistrationCounts(XenShmPath path) throws Exception {
    Reads reads =
        new Reads() {
          @Override
          public void channelRegistered(ChannelHandlerContext ctx) {
            ctx.read();
          }
        };
    done(client(path, reads).connect(greetingListener().localAddress()));

    assertEquals(GREETING.length, reads.next());
  }

  @ParameterizedTest
  @EnumSource
  void aReadBeforeTheConnectIsTakenBackWithAutoRead(XenShmPath path) throws Exception {
    Reads reads = new Reads();
    Channel channel =
        client(path, reads).option(ChannelOption.AUTO_READ, true).register().sync().channel();
    channel.eventLoop().submit(() -> channel.read().config().setAutoRead(false)).sync();
    channel.connect(greetingListener().localAddress()).sync();

    settle(channel);
    assertTrue(reads.sizes.isEmpty(), reads.sizes::toString);
    channel.read();
    assertEquals(GREETING.length, reads.next());
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsReadAfterAutoReadWasSwitchedOffOnTheLoop(XenShmPath path) throws Exception {
    BlockingQueue<Channel> children = new LinkedBlockingQueue<>();
    Channel listener =
        domains.bindAddress(
            new ChannelInboundHandlerAdapter() {
              @Override
              public boolean isSharable() {
                return true;
              }

              @Override
              public void channelActive(ChannelHandlerContext ctx) {
                children.add(ctx.channel());
              }
            });
    Reads reads = new Reads();
    Channel channel =
        done(
            client(path, reads)
                .option(ChannelOption.AUTO_READ, true)
                .connect(listener.localAddress()));
    Channel child = children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);

    channel.eventLoop().submit(() -> channel.config().setAutoRead(false)).sync();
    child.writeAndFlush(Unpooled.wrappedBuffer(GREETING)).sync();

    settle(child, channel);
    assertTrue(reads.sizes.isEmpty(), reads.sizes::toString);
    channel.read();
    assertEquals(GREETING.length, reads.next());
  }

  @ParameterizedTest
  @EnumSource
  void aListenerAcceptsNothingAfterAutoReadWasSwitchedOff(XenShmPath path) throws Exception {
    BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
    Channel listener = domains.bindAddress(collector(accepted));
    listener.eventLoop().submit(() -> listener.config().setAutoRead(false)).sync();

    Channel channel = client(path, new Reads()).register().sync().channel();
    channel.connect(listener.localAddress());
    settle(listener);
    assertTrue(accepted.isEmpty(), accepted::toString);

    listener.read();
    assertFalse(accepted.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) == null);
  }

  @ParameterizedTest
  @EnumSource
  void aListenersReadBeforeTheBindCounts(XenShmPath path) throws Exception {
    BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
    Channel listener =
        domains
            .server(collector(accepted))
            .option(ChannelOption.AUTO_READ, false)
            .register()
            .sync()
            .channel();
    listener.read();
    listener.bind(new InetSocketAddress(TwoDomains.SERVER_ADDRESS, 0)).sync();

    done(client(path, new Reads()).connect(listener.localAddress()));

    assertFalse(accepted.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) == null);
  }

  private static ChannelInboundHandlerAdapter collector(BlockingQueue<Channel> accepted) {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public boolean isSharable() {
        return true;
      }

      @Override
      public void channelActive(ChannelHandlerContext ctx) {
        accepted.add(ctx.channel());
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void noPacketIsReadAfterAutoReadWasSwitchedOffOnTheLoop(XenShmPath path) throws Exception {
    Reads reads = new Reads();
    Channel receiver = datagrams(true, path, reads);
    Channel sender = datagrams(false, path, new Reads());
    receiver.eventLoop().submit(() -> receiver.config().setAutoRead(false)).sync();

    InetSocketAddress recipient = (InetSocketAddress) receiver.localAddress();
    sender.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(GREETING), recipient)).sync();

    settle(sender, receiver);
    assertTrue(reads.sizes.isEmpty(), reads.sizes::toString);
    receiver.read();
    assertEquals(GREETING.length, reads.next());
  }

  private Channel datagrams(boolean ofServer, XenShmPath path, Reads reads) {
    return done(
        new Bootstrap()
            .group(ofServer ? domains.serverWorkers : domains.clientLoops)
            .channel(XenShmDatagramChannel.class)
            .option(
                XenShmChannelOption.XENSHM_MODE,
                path == XenShmPath.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED)
            .handler(reads)
            .bind(
                new InetSocketAddress(
                    ofServer ? TwoDomains.SERVER_ADDRESS : TwoDomains.CLIENT_ADDRESS, 0)));
  }
}
