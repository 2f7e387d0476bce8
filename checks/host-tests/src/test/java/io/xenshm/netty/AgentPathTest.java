package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which path a connect takes with the table that dom0's agent wrote. */
class AgentPathTest {
  private static final String SERVER_ADDRESS = "127.0.1.1";

  private final Deque<Closeable> opened = new ArrayDeque<>();
  private SimulatedHost host;
  private final BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();
  private Channel listener;

  private void start(String... domains) throws IOException {
    Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-agent");
    opened.push(() -> Files.delete(directory));
    host =
        SimulatedHost.start(
            new SimulatedHostConfig(
                directory.resolve("host"),
                XenStoreFlavour.C,
                SimulatedLimits.DEFAULT,
                Stream.of(domains).map(SimulatedDomain::parse).toList()));
    opened.push(host::close);
    listener =
        done(
            new ServerBootstrap()
                .group(loops(1))
                .channel(XenShmServerSocketChannel.class)
                .childHandler(
                    new ChannelInitializer<>() {
                      @Override
                      protected void initChannel(Channel child) {
                        Received received = new Received();
                        child.pipeline().addLast(received);
                        accepted.add(received);
                      }
                    })
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
  }

  @AfterEach
  void stop() throws IOException {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  private EventLoopGroup loops(int domain) throws IOException {
    SimulatedXen xen = SimulatedXen.open(host.directory(), domain);
    opened.push(xen::close);
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen));
    opened.push(
        () -> loops.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly(20_000));
    return loops;
  }

  private XenShmSocketChannel connectFrom(int domain) throws IOException {
    return connect(loops(domain));
  }

  private XenShmSocketChannel connect(EventLoopGroup loops) {
    return (XenShmSocketChannel)
        done(
            new Bootstrap()
                .group(loops)
                .channel(XenShmSocketChannel.class)
                .handler(new Received())
                .connect(listener.localAddress()));
  }

  @Test
  void theAgentsTableLeadsToSharedMemoryAndTellsTheServerWhoComes() throws Exception {
    start("1", "2");

    XenShmSocketChannel client = connectFrom(2);

    assertEquals(XenShmPathReason.CO_RESIDENT, client.pathReason());
    XenShmSocketChannel child = (XenShmSocketChannel) get(accepted.take().active).channel();
    assertEquals("127.0.2.1", child.remoteAddress().getAddress().getHostAddress());
    assertEquals(client.localAddress(), child.remoteAddress());
  }

  @Test
  void withoutTheAgentLiveConnectionsGoOnAndNewGuestsTakeTcp() throws Exception {
    start("1", "2");
    XenShmSocketChannel client = connectFrom(2);

    host.stopAgent();
    host.addDomain(SimulatedDomain.of(3));

    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])).sync();
    accepted.take().awaitBytes(100);
    assertEquals(XenShmPathReason.NO_TABLE, connectFrom(3).pathReason());
  }

  @Test
  void whileXenStoreIsAwayNewConnectionsTakeTcpAndThenSharedMemoryAgain() throws Exception {
    start("1", "2");
    XenShmSocketChannel client = connectFrom(2);
    EventLoopGroup loops = loops(2);
    connect(loops); // has read the table

    host.restartXenStore();

    awaitSharedMemory(loops);
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])).sync();
    accepted.take().awaitBytes(100);
  }

  @Test
  void guestsThatWereSuspendedFindEachOtherByTheAddressesThatTheyHad() throws Exception {
    start("1", "2");
    EventLoopGroup loops = loops(2);
    assertEquals(XenShmPathReason.CO_RESIDENT, connect(loops).pathReason());

    host.suspendAndResume(1, 5);
    awaitSharedMemory(loops);
    host.suspendAndResume(2, 6);
    awaitSharedMemory(loops);
  }

  private void awaitSharedMemory(EventLoopGroup loops) {
    XenShmPathReason reason = connect(loops).pathReason();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (reason != XenShmPathReason.CO_RESIDENT && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      reason = connect(loops).pathReason();
    }
    assertEquals(XenShmPathReason.CO_RESIDENT, reason);
  }

  @Test
  void guestsWithTheSameAddressOnTwoNetworksAreNotMixedUp() throws Exception {
    start(
        "1=127.0.1.1,00:16:3e:00:00:01,left",
        "2=127.0.2.1,00:16:3e:00:00:02,left",
        "3=127.0.1.1,00:16:3e:00:00:03,right",
        "4=127.0.4.1,00:16:3e:00:00:04,right");

    assertEquals(XenShmPathReason.CO_RESIDENT, connectFrom(2).pathReason());
    assertEquals(XenShmPathReason.NO_LISTENER, connectFrom(4).pathReason());
  }
}
