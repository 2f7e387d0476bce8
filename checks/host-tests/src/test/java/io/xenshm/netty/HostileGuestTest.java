package io.xenshm.netty;

import static io.xenshm.link.HostileClient.ACCEPTED;
import static io.xenshm.link.HostileClient.CONTROL_TO_CLIENT;
import static io.xenshm.link.HostileClient.CONTROL_TO_SERVER;
import static io.xenshm.link.HostileClient.OFFERED;
import static io.xenshm.link.HostileClient.REFUSED;
import static io.xenshm.link.HostileClient.RING;
import static io.xenshm.netty.HostileSite.ATTACKER;
import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.util.concurrent.EventExecutor;
import io.xenshm.link.HostileClient;
import io.xenshm.link.HostileServer;
import io.xenshm.ring.RingLayout;
import io.xenshm.ring.RingViolationException;
import io.xenshm.sim.DomainAccounting;
import io.xenshm.xen.Xen;
import java.lang.foreign.ValueLayout;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * More of what a hostile guest can do; the numbers are those of docs/trust.md. After each attack
 * the neighbour's connection must still work, and its domain can connect.
 */
class HostileGuestTest {
  private HostileSite site;
  private HostileClient attacker;

  @BeforeEach
  void start() throws Exception {
    site = new HostileSite();
    attacker = site.attacker();
  }

  @AfterEach
  void othersAreStillServed() throws Exception {
    site.close();
  }

  @Test
  void a3DescriptorChangedBetweenMappingAndAcceptChangesNothing() throws Exception {
    int mapped = site.domains.host.accounting(SERVER).mappedPages();
    CountDownLatch released = new CountDownLatch(1);
    for (EventExecutor worker : site.domains.serverWorkers) {
      worker.execute(() -> awaitQuietly(released));
    }
    try {
      attacker.offer(site.port);
      awaitMappedPages(mapped + attacker.references().length);
      attacker.set(HostileClient.CLIENT_RING_SIZE, 1 << 20);
      attacker.set(HostileClient.SERVER_RING_SIZE, 1 << 20);
      attacker.set(HostileClient.REFERENCE_COUNT, 512);
    } finally {
      released.countDown();
    }
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Received child = site.nextChild();
    attacker.memory().set(ValueLayout.JAVA_BYTE, Xen.PAGE_SIZE, (byte) 42);
    attacker.publish(1);
    assertArrayEquals(new byte[] {42}, child.awaitBytes(1));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitMappedPages(int expected) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (site.domains.host.accounting(SERVER).mappedPages() != expected) {
      assertTrue(System.nanoTime() < deadline, "the offer is not mapped");
      site.listener.eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).sync();
    }
  }

  @Test
  void a15DataAfterTheEndIsNotReadWhereTheChannelStaysHalfOpen() throws Exception {
    Channel halfOpen =
        done(
            site.server()
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .bind(new XenShmAddress(SERVER, 0)));
    attacker.offer(((InetSocketAddress) halfOpen.localAddress()).getPort());
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Received child = site.nextChild();
    attacker.publish(5);
    child.awaitBytes(5);
    attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, RingLayout.FINISHED);
    attacker.ring();
    assertTrue(child.nextEvent() != null, "the end of the input is told");

    attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, RingLayout.OPEN);
    attacker.publish(50);
    Channel channel = get(child.active).channel();
    channel.read();
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).sync();
    channel.eventLoop().schedule(() -> {}, 50, TimeUnit.MILLISECONDS).sync();
    assertEquals(5, child.count());
  }

  @Test
  void a16MalformedOffersOfAnHonestOfferOpenNothing() throws Exception {
    String honest = attacker.honestOffer(site.port);
    for (String text :
        new String[] {
          honest + " ",
          honest + "\0",
          " " + honest,
          honest + "0",
          honest.replaceFirst("1 stream", "2 stream"),
          honest.replaceFirst("1 stream", "1  stream"),
          honest.replaceFirst("stream", "Stream"),
          honest.replaceFirst(" " + site.port + " ", " 0" + site.port + "0 "),
        }) {
      attacker.offerText(text);
    }
    awaitThatTheListenerSawAllOffers();
    assertEquals(OFFERED, attacker.get(HostileClient.STATE));
    assertTrue(site.children.isEmpty());
  }

  /** An honest connection of the attacker's domain comes after all that it offered before. */
  private void awaitThatTheListenerSawAllOffers() throws Exception {
    assertEquals(ACCEPTED, site.offer(site.attacker()));
    get(site.nextChild().active);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -1, Integer.MIN_VALUE})
  void a29ReaderStateThatThereIsNotClosesThatChannelOnly(int state) throws Exception {
    assertEquals(ACCEPTED, site.offer(attacker));
    Channel channel = get(site.nextChild().active).channel();
    attacker.set(CONTROL_TO_CLIENT + RingLayout.READER_STATE, state);
    Throwable failure =
        channel
            .writeAndFlush(Unpooled.wrappedBuffer(new byte[2 * RING]))
            .awaitUninterruptibly()
            .cause();
    assertInstanceOf(RingViolationException.class, failure);
    assertTrue(
        failure.getMessage().contains("reader state is " + Integer.toUnsignedString(state)),
        failure.getMessage());
    done(channel.closeFuture());
  }

  @Test
  void a30DescriptorThatChangesWhileItIsReadCostsTheAttackerAtMostItsOffer() throws Exception {
    DomainAccounting before = site.domains.host.accounting(SERVER);
    for (int round = 0; round < 20; round++) {
      HostileClient flipping = site.attacker();
      int honest = flipping.get(HostileClient.REFERENCES);
      Thread flips =
          new Thread(
              () -> {
                while (flipping.get(HostileClient.STATE) == OFFERED) {
                  flipping.set(HostileClient.CLIENT_RING_SIZE, 1 << 20);
                  flipping.set(HostileClient.REFERENCE_COUNT, 512);
                  flipping.set(HostileClient.REFERENCES, -1);
                  flipping.set(HostileClient.CLIENT_RING_SIZE, RING);
                  flipping.set(HostileClient.REFERENCE_COUNT, 2);
                  flipping.set(HostileClient.REFERENCES, honest);
                }
              });
      flips.start();
      int answer = site.offer(flipping);
      flips.join();
      if (answer == ACCEPTED) {
        get(site.nextChild().active).channel().close().sync();
      } else {
        assertEquals(REFUSED, answer);
      }
      site.assertTheNeighbourIsServed();
    }
    site.listener.eventLoop().submit(() -> {}).sync();
    assertEquals(before.mappedPages(), site.domains.host.accounting(SERVER).mappedPages());
    assertEquals(before.ports(), site.domains.host.accounting(SERVER).ports());
  }

  @Test
  void a31PortOfAnotherDomainIsRefused() throws Exception {
    attacker.newPort(CLIENT);
    assertEquals(REFUSED, site.offer(attacker));
    assertTrue(site.children.stream().noneMatch(child -> child.active.isDone()));
  }

  @Test
  void a32PortClosedUnderTheConnectionBreaksNothing() throws Exception {
    assertEquals(ACCEPTED, site.offer(attacker));
    Received child = site.nextChild();
    Channel channel = get(child.active).channel();
    attacker.publish(3);
    child.awaitBytes(3);
    attacker.closePort();
    attacker.newPort(SERVER);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])).sync();
    channel.eventLoop().submit(() -> {}).sync();
    assertTrue(channel.isActive());
    channel.close().sync();
  }

  @Test
  void a33ListenerRecordsOfAnotherGuestDrawNobody() throws Exception {
    int free = site.port + 1;
    try (HostileServer forger = new HostileServer(site.attackerXen, free, "nonsense")) {
      forger.announce(free, "1 stream *");
      String directory = "/local/domain/" + SERVER + "/data/xenshm/listen/" + free;
      assertThrows(
          CompletionException.class,
          () -> attacker.write(directory + "/0123456789abcdef", "1 stream *"),
          "a guest must not write in another one's directory");
      ChannelFuture connect =
          site.domains
              .client(new Received())
              .connect(new XenShmAddress(SERVER, free))
              .awaitUninterruptibly();
      assertInstanceOf(ConnectException.class, connect.cause());
      assertTrue(
          connect.cause().getMessage().contains("domain " + SERVER + " has no listener"),
          connect.cause().getMessage());
    }
  }

  @Test
  void a34NodesWithStrangeNamesAreNeitherOffersNorListeners() throws Exception {
    String offers = "/local/domain/" + ATTACKER + "/data/xenshm/to/" + SERVER;
    String honest = attacker.honestOffer(site.port);
    attacker.offerText("1 nothing");
    for (String name :
        new String[] {
          "x",
          "0123456789abcdef",
          "0123456789abcdef-",
          "0123456789abcdef-0/1",
          "0123456789ABCDEF-0",
          "0123456789abcdef-123456789",
          "@x",
          "--",
          "0123456789abcdef-0-0"
        }) {
      attacker.write(offers + '/' + name, honest);
    }
    attacker.write(
        "/local/domain/" + ATTACKER + "/data/xenshm/to/00001/0123456789abcdef-0", honest);
    awaitThatTheListenerSawAllOffers();
    assertEquals(OFFERED, attacker.get(HostileClient.STATE));
  }

  @Test
  void a34ListenerDirectoryFullOfNodesIsLookedThroughNoFurtherThanItsBound() throws Exception {
    try (HostileServer crowd = new HostileServer(site.attackerXen, 4711, "nonsense")) {
      String directory = "/local/domain/" + ATTACKER + "/data/xenshm/listen/4711";
      crowd.announce(4711, "1 stream");
      for (int i = 0; i < 60; i++) {
        attacker.write(String.format("%s/%016x", directory, i), "nonsense");
        attacker.write(String.format("%s/strange-%d", directory, i), "1 stream *");
      }
      assertInstanceOf(
          ConnectException.class,
          site.domains
              .client(new Received())
              .connect(new XenShmAddress(ATTACKER, 4711))
              .awaitUninterruptibly()
              .cause());
    }
  }
}
