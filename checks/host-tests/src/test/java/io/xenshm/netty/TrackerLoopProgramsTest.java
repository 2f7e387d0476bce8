package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.ThreeWays.buffer;
import static io.xenshm.netty.ThreeWays.pipeline;
import static io.xenshm.netty.ThreeWays.random;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that move channels between event loops, or run a loop by hand, after reports in Netty's
 * tracker; docs/netty-testsuite.md says which. Each has the same outcome over epoll.
 */
class TrackerLoopProgramsTest {
  /** Spares the loops a queue of tasks that only grows. */
  private static final long SWITCH_PAUSE_NANOS = 50_000;

  private ThreeWays ways;
  private final Received server = new Received();

  @BeforeEach
  void start() throws IOException {
    ways = new ThreeWays();
  }

  @AfterEach
  void stop() {
    ways.close();
  }

  @ParameterizedTest
  @EnumSource
  void autoReadMayBeSwitchedWhileTheChannelChangesItsLoop(Way way) throws Exception {
    Channel listener = ways.bind(way, server);
    Received received = new Received();
    SocketChannel client = ways.connect(way, received, listener);
    Channel child = get(server.active).channel();
    AtomicBoolean end = new AtomicBoolean();
    Thread switcher =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (boolean on = false; !end.get(); on = !on) {
                    client.config().setAutoRead(on);
                    LockSupport.parkNanos(SWITCH_PAUSE_NANOS);
                  }
                });
    for (int i = 0; i < 50; i++) {
      EventLoop next = ways.clientLoops(way).next();
      done(client.deregister());
      client.read();
      child.writeAndFlush(buffer(random(10_000)));
      done(next.register(client));
    }
    end.set(true);
    switcher.join();
    client.config().setAutoRead(true);

    received.awaitBytes(500_000);
    assertFalse(received.exception.isDone(), () -> received.exception.toString());
  }

  @ParameterizedTest
  @EnumSource
  void aMovedChannelsHandlersRunOnItsNewLoop(Way way) throws Exception {
    Queue<String> wrong = new ConcurrentLinkedQueue<>();
    ChannelInboundHandlerAdapter checking =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!ctx.channel().eventLoop().inEventLoop()
                || !ctx.executor().equals(ctx.channel().eventLoop())) {
              wrong.add(Thread.currentThread() + " for " + ctx.executor());
            }
            ctx.fireChannelRead(message);
          }
        };
    Channel listener = ways.bind(way, ThreeWays.echo());
    Received received = new Received();
    SocketChannel client = ways.connect(way, pipeline(checking, received), listener);
    for (int i = 1; i <= 10; i++) {
      EventLoop next = ways.clientLoops(way).next();
      done(client.deregister());
      done(next.register(client));
      assertSame(next, client.eventLoop());
      client.writeAndFlush(buffer(random(1000)));
      received.awaitBytes(1000 * i);
    }

    assertTrue(wrong.isEmpty(), wrong::toString);
  }

  @ParameterizedTest
  @EnumSource
  void anEventLoopThatIsRunByHandCarriesAConnection(Way way) throws Exception {
    Channel listener = ways.bind(way, ThreeWays.echo());
    Received received = new Received();
    ManualIoEventLoop loop =
        new ManualIoEventLoop(
            Thread.currentThread(),
            way == Way.EPOLL
                ? EpollIoHandler.newFactory()
                : XenShmIoHandler.newFactory(
                    ways.domains.clientXen, xen -> ways.domains.clientPeers));
    ChannelFuture connect = ways.client(way, received).clone(loop).connect(listener.localAddress());
    runUntil(loop, connect::isDone);
    for (int i = 1; i <= 100; i++) {
      int total = 1000 * i;
      connect.channel().writeAndFlush(buffer(random(1000)));
      runUntil(loop, () -> received.count() == total);
    }
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    runUntil(loop, loop::isTerminated);

    assertFalse(connect.channel().isOpen());
  }

  private static void runUntil(ManualIoEventLoop loop, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      loop.run(TimeUnit.MILLISECONDS.toNanos(1));
      assertTrue(System.nanoTime() < deadline, "waited in vain");
    }
  }
}
