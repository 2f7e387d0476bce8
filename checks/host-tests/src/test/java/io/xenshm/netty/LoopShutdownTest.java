package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Event loops that are shut down without a quiet period tell every channel that it is closed. */
@Timeout(240)
class LoopShutdownTest {
  private static final int CONNECTIONS = 150;
  private static final int ROUNDS = 24;
  private static final int TIMEOUT_SECONDS = 20;

  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final List<Received> clients = new ArrayList<>();
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  /** Connects a new group's channels, and returns when all of them and their peers are active. */
  private EventLoopGroup connect(XenShmPath path, int count) throws Exception {
    BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();
    Channel listener = domains.bindAddress(new EchoToAll(accepted));
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory(domains.clientXen, xen -> domains.clientPeers));
    XenShmMode mode = path == XenShmPath.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED;
    clients.clear();
    for (int i = 0; i < count; i++) {
      Received client = new Received();
      channels.add(
          done(
              new Bootstrap()
                  .group(group)
                  .channel(XenShmSocketChannel.class)
                  .handler(client)
                  .option(XenShmChannelOption.XENSHM_MODE, mode)
                  .option(XenShmChannelOption.XENSHM_RING_SIZE, 4096)
                  .connect(listener.localAddress())));
      clients.add(client);
      get(accepted.take().active);
    }
    done(listener.close());
    return group;
  }

  private void assertAllAreTold(EventLoopGroup group, Warnings warnings) throws Exception {
    assertTrue(
        group.terminationFuture().await(TIMEOUT_SECONDS, TimeUnit.SECONDS),
        "the loop does not end");
    assertEquals(
        0, clients.stream().filter(client -> !client.inactive.isDone()).count(), "not told");
    assertEquals(List.of(), warnings.texts());
    for (Channel channel : channels) {
      assertTrue(channel.closeFuture().isDone(), () -> channel + " is not closed");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLoopThatShutsItselfDown(XenShmPath path) throws Exception {
    EventLoopGroup group = connect(path, 20);
    EventLoop loop = group.next();
    try (Warnings warnings = new Warnings()) {
      loop.execute(() -> group.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS));

      assertAllAreTold(group, warnings);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLoopThatIsShutDownWhileItIsBusy(XenShmPath path) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      domains.close(); // its peers' pages are not given back at once, and are limited
      domains = new TwoDomains();
      EventLoopGroup group = connect(path, round == 0 ? CONNECTIONS : 20);
      List<ChannelFuture> writes = new ArrayList<>();
      for (Channel channel : channels) {
        writes.add(channel.writeAndFlush(channel.alloc().buffer().writeLong(round)));
      }
      try (Warnings warnings = new Warnings()) {
        group.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS);

        assertAllAreTold(group, warnings);
      }
      for (ChannelFuture write : writes) {
        assertTrue(write.isDone(), "a write has no end");
      }
    }
  }
}
