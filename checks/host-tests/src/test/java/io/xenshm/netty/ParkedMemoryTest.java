package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.link.Parking;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory of a closed connection serves the next one between the same two processes. */
@Timeout(60)
class ParkedMemoryTest {
  private final AtomicInteger offers = new AtomicInteger();
  private TwoDomains domains;
  private Channel listener;

  @BeforeEach
  void start() throws Exception {
    domains = new TwoDomains();
    listener = domains.bind(new EchoToAll(new LinkedBlockingQueue<>()));
    domains
        .clientXen
        .xenStore()
        .watch(
            "/local/domain/" + CLIENT + "/data/xenshm/to/" + SERVER,
            path -> {
              if (path.matches(".*/[0-9a-f]{16}-[0-9a-f]+")) {
                offers.incrementAndGet();
              }
            })
        .get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  /** Both sides have two loops, and take them in turn: the next connection is on others. */
  @Test
  void theNextConnectionMakesNoOfferInXenStore() throws Exception {
    connectEchoClose(0);
    int before = offersSoFar();
    for (int i = 1; i <= 20; i++) {
      Parking.await(domains.clientXen, 1);
      connectEchoClose(i);
    }
    // a pause of the machine may outlast the parking now and then
    int made = offersSoFar() - before;
    assertTrue(made <= 10, "20 connections made " + made + " offers in XenStore");
  }

  @Test
  void nothingOfAnEarlierConnectionIsReadByTheNext() throws Exception {
    Received server = new Received();
    Channel silent = domains.bind(server);
    Channel first = domains.connect(new Received(), silent);
    first.writeAndFlush(Unpooled.copiedBuffer("secret", StandardCharsets.US_ASCII)).sync();
    server.awaitBytes(6);
    first.close().sync();
    get(server.inactive);

    Parking.await(domains.clientXen, 1);
    connectEchoClose(1);
  }

  @Test
  void memoryThatNobodyTakesIsUnmappedSoon() throws Exception {
    connectEchoClose(1);
    Parking.await(domains.clientXen, 1);
    await(() -> domains.host.accounting(SERVER).mappedPages() == 0);
    await(() -> domains.host.accounting(SERVER).ports() == 0);
    await(() -> domains.host.accounting(CLIENT).ports() == 0);
  }

  @Test
  void aConnectionBeginsAnewWhereTheFormerOnesLoopHasEnded() throws Exception {
    var former =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory(domains.clientXen, xen -> domains.clientPeers));
    Bootstrap bootstrap =
        new Bootstrap().group(former).channel(XenShmSocketChannel.class).handler(new Received());
    done(bootstrap.connect(listener.localAddress())).close().sync();
    Parking.await(domains.clientXen, 1);
    former.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    Parking.await(domains.clientXen, 0);

    connectEchoClose(2);
  }

  /** A guest grants 1024 pages: 513, 257 and 257 are too many. */
  @Test
  void parkedMemoryMakesRoomWhereTheGuestsLimitIsReached() throws Exception {
    connect(1 << 20).close().sync();
    Parking.await(domains.clientXen, 1);
    connect(1 << 19);
    assertTrue(connect(1 << 19).isActive());
  }

  private Channel connect(int ringSize) {
    return done(
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_RING_SIZE, ringSize)
            .connect(listener.localAddress()));
  }

  private int offersSoFar() throws Exception {
    // behind all events of before
    domains.clientXen.xenStore().read("domid").get(10, TimeUnit.SECONDS);
    return offers.get();
  }

  private void connectEchoClose(int seed) throws Exception {
    byte[] bytes = new byte[10_000];
    new Random(seed).nextBytes(bytes);
    Received received = new Received();
    Channel channel = domains.connect(received, listener);
    channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
    assertArrayEquals(bytes, received.awaitBytes(bytes.length));
    channel.close().sync();
  }

  private void await(Callable<Boolean> condition) throws Exception {
    while (!condition.call()) { // the test's own time-out ends it
      listener.eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).sync();
    }
  }
}
