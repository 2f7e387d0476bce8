package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.sim.Await;
import io.xenshm.sim.SimulatedXen;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Servers bind while XenStore does not answer. All of their channels are on one event loop. */
@Timeout(120)
class SlowXenStoreTest {
  private static final InetSocketAddress ANY_PORT = new InetSocketAddress(SERVER_ADDRESS, 0);

  private final BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();
  private TwoDomains domains;
  private SlowXenStore xen;
  private EventLoopGroup loop;

  @BeforeEach
  void start() throws Exception {
    domains = new TwoDomains();
    xen = new SlowXenStore(SimulatedXen.open(domains.host.directory(), SERVER));
    loop =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory(xen, opened -> domains.serverPeers));
  }

  @AfterEach
  void stop() {
    xen.answer();
    loop.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly(20, TimeUnit.SECONDS);
    xen.close();
    domains.close();
  }

  private ServerBootstrap server(XenShmMode mode) {
    return new ServerBootstrap()
        .group(loop)
        .channel(XenShmServerSocketChannel.class)
        .option(XenShmChannelOption.XENSHM_MODE, mode)
        .childHandler(new EchoToAll(accepted));
  }

  @Test
  void aBindIsDoneByTcpAndFollowedBySharedMemory() throws Exception {
    xen.hold();
    Channel listener = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    assertEchoes(listener.localAddress(), XenShmPath.TCP);

    xen.answer();
    awaitSharedMemory(listener.localAddress());
  }

  @Test
  void severalBindsInARowListenAllLater() throws Exception {
    xen.hold();
    Channel first = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    Channel second = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    assertEchoes(second.localAddress(), XenShmPath.TCP);

    xen.answer();
    awaitSharedMemory(first.localAddress());
    awaitSharedMemory(second.localAddress());
  }

  @Test
  void aBindWithoutAConnectionIsAnnouncedOnceThereIsOne() throws Exception {
    xen.disconnect();
    Channel listener = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    assertEchoes(listener.localAddress(), XenShmPath.TCP);

    xen.answer();
    awaitSharedMemory(listener.localAddress());
  }

  @Test
  void aDatagramChannelIsAnnouncedLater() throws Exception {
    xen.hold();
    Channel channel = done(datagram(XenShmMode.PREFERRED).bind(ANY_PORT));
    int port = ((InetSocketAddress) channel.localAddress()).getPort();

    xen.answer();
    Await.until("a listener for datagrams", () -> isAnnounced("datagram-" + port));
    channel.close().sync();
    Await.until("no listener for datagrams", () -> !isAnnounced("datagram-" + port));
  }

  @Test
  void aBindThatNeedsXenStoreFailsAndSaysSo() throws Exception {
    Channel neighbour = done(server(XenShmMode.OFF).bind(ANY_PORT));
    xen.hold();
    assertFailsForXenStore(server(XenShmMode.REQUIRED).bind(ANY_PORT));
    assertFailsForXenStore(server(XenShmMode.PREFERRED).bind(new XenShmAddress(SERVER, 0)));
    XenShmAddress address = new XenShmAddress(SERVER, 7001);
    assertFailsForXenStore(server(XenShmMode.PREFERRED).bind(address));
    assertFailsForXenStore(datagram(XenShmMode.REQUIRED).bind(ANY_PORT));
    assertEchoes(neighbour.localAddress(), XenShmPath.TCP);

    xen.answer();
    Channel listener = done(server(XenShmMode.PREFERRED).bind(address));
    assertEchoes(listener.localAddress(), XenShmPath.SHARED_MEMORY);
    listener.close().sync();
    Await.until("nothing announced", () -> announced().isEmpty());
  }

  @Test
  void aListenerThatIsClosedBeforeItIsAnnouncedStaysAway() throws Exception {
    xen.hold();
    Channel listener = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    listener.close().sync();

    xen.answer();
    Channel another = done(server(XenShmMode.PREFERRED).bind(ANY_PORT));
    int port = ((InetSocketAddress) another.localAddress()).getPort();
    Await.until(
        "only the other listener",
        () -> isAnnounced("" + port) && announced().lines().count() == 1);
  }

  private Bootstrap datagram(XenShmMode mode) {
    return new Bootstrap()
        .group(loop)
        .channel(XenShmDatagramChannel.class)
        .option(XenShmChannelOption.XENSHM_MODE, mode)
        .handler(new ChannelInboundHandlerAdapter());
  }

  private boolean isAnnounced(String port) {
    return announced().contains("/listen/" + port + "/");
  }

  /** The paths of the server's listeners, one a line. */
  private String announced() {
    return String.join(
        "\n",
        domains.host.xenStore().paths(SERVER).stream()
            .filter(path -> path.matches(".*/listen/[^/]+/[^/]+"))
            .toList());
  }

  private static void assertFailsForXenStore(ChannelFuture bind) {
    assertTrue(bind.awaitUninterruptibly(20, TimeUnit.SECONDS), "no answer to " + bind);
    String message = bind.cause().getMessage();
    assertTrue(message.contains("XenStore has not answered within"), message);
  }

  private void assertEchoes(SocketAddress address, XenShmPath path) throws Exception {
    Received received = new Received();
    Channel client = done(domains.client(received).connect(address));
    assertEquals(path, get(received.path).path());
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
    received.awaitBytes(10);
    client.close().sync();
  }

  private void awaitSharedMemory(SocketAddress address) throws Exception {
    Await.until("shared memory to " + address, () -> takesSharedMemory(address));
    assertEchoes(address, XenShmPath.SHARED_MEMORY);
  }

  private boolean takesSharedMemory(SocketAddress address) throws Exception {
    Received received = new Received();
    Channel client = done(domains.client(received).connect(address));
    boolean shared = get(received.path).path() == XenShmPath.SHARED_MEMORY;
    client.close().sync();
    return shared;
  }
}
