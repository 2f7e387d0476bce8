package io.xenshm.netty;

import static io.xenshm.link.HostileClient.ACCEPTED;
import static io.xenshm.link.HostileClient.CLOSED;
import static io.xenshm.link.HostileClient.CONTROL_TO_CLIENT;
import static io.xenshm.link.HostileClient.CONTROL_TO_SERVER;
import static io.xenshm.link.HostileClient.REFUSED;
import static io.xenshm.link.HostileClient.RING;
import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.xenshm.link.HostileClient;
import io.xenshm.ring.RingLayout;
import io.xenshm.ring.RingViolationException;
import io.xenshm.sim.DomainAccounting;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hostile guest as the client of an honest listener; the numbers are those of docs/trust.md.
 * After each attack a well-behaved connection of another domain must still work, on the same loops.
 */
class HostileClientTest {
  private static final int ATTACKER = 3;
  private static final int PATIENCE_SECONDS = 20;

  private final BlockingQueue<Received> children = new LinkedBlockingQueue<>();
  private TwoDomains domains;
  private SimulatedXen attackerXen;
  private HostileClient attacker;
  private Channel listener;
  private int port;
  private Channel neighbour;
  private Received neighbourReceived;
  private int echoed;

  @BeforeEach
  void start() throws Exception {
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    attackerXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    listener =
        done(
            domains
                .server(
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
                    })
                .bind(new XenShmAddress(SERVER, 0)));
    port = ((InetSocketAddress) listener.localAddress()).getPort();
    neighbourReceived = new Received();
    neighbour = domains.connect(neighbourReceived, listener);
    attacker = new HostileClient(attackerXen, SERVER);
  }

  @AfterEach
  void neighbourStillWorksAndNothingIsLeft() throws Exception {
    try {
      assertTheNeighbourIsServed();
    } finally {
      attacker.close();
      attackerXen.close();
      domains.close();
    }
  }

  @Sharable
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }
  }

  private void assertTheNeighbourIsServed() throws Exception {
    neighbour.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000])).sync();
    echoed += 1000;
    neighbourReceived.awaitBytes(echoed);
  }

  private Received accepted() throws InterruptedException {
    attacker.offer(port);
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Received child = children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertTrue(child != null, "the offer was accepted, but no channel appeared");
    return child;
  }

  private void assertViolation(Received child, String expected) throws Exception {
    RingViolationException violation =
        assertInstanceOf(RingViolationException.class, get(child.exception));
    assertTrue(violation.getMessage().contains(expected), violation.getMessage());
    get(child.inactive);
  }

  @ParameterizedTest
  @ValueSource(ints = {RING + 1, -1, Integer.MIN_VALUE})
  void a1ProducerIndexOutOfRangeClosesThatChannelOnly(int index) throws Exception {
    Received child = accepted();
    attacker.publish(index);
    assertViolation(child, "producer index is " + Integer.toUnsignedString(index));
  }

  @Test
  void a1ConsumerIndexOutOfRangeClosesThatChannelOnly() throws Exception {
    Received child = accepted();
    Channel channel = get(child.active).channel();
    attacker.set(CONTROL_TO_CLIENT + RingLayout.CONSUMER_INDEX, 17);
    Throwable failure =
        channel
            .writeAndFlush(Unpooled.wrappedBuffer(new byte[2 * RING]))
            .awaitUninterruptibly()
            .cause();
    assertInstanceOf(RingViolationException.class, failure);
    assertTrue(failure.getMessage().contains("consumer index is 17"), failure.getMessage());
    get(child.inactive);
  }

  @Test
  void a2ProducerIndexGoingBackwardsClosesThatChannelOnly() throws Exception {
    Received child = accepted();
    attacker.publish(100);
    child.awaitBytes(100);
    attacker.publish(99);
    assertViolation(child, "producer index is 99");
  }

  @Test
  void a3DescriptorChangedAfterTheHandshakeChangesNothing() throws Exception {
    Received child = accepted();
    attacker.set(HostileClient.CLIENT_RING_SIZE, 1 << 20);
    attacker.set(HostileClient.SERVER_RING_SIZE, 1 << 20);
    attacker.set(HostileClient.REFERENCE_COUNT, 512);
    for (int i = 0; i < 512; i++) {
      attacker.set(HostileClient.REFERENCES + 4L * i, -1);
    }
    attacker.memory().set(ValueLayout.JAVA_BYTE, Xen.PAGE_SIZE, (byte) 42);
    attacker.publish(1);
    assertArrayEquals(new byte[] {42}, child.awaitBytes(1));
  }

  static Stream<Arguments> dishonestDescriptors() {
    return Stream.of(
        descriptor("another magic", attacker -> attacker.set(HostileClient.MAGIC, 0)),
        descriptor("version 2", attacker -> attacker.set(HostileClient.VERSION_AND_KIND, 0x10002)),
        descriptor("kind 9", attacker -> attacker.set(HostileClient.VERSION_AND_KIND, 0x90001)),
        descriptor("another nonce", attacker -> attacker.set(HostileClient.NONCE, 1)),
        descriptor("ring of 0", attacker -> attacker.set(HostileClient.CLIENT_RING_SIZE, 0)),
        descriptor("ring of 6000", attacker -> attacker.set(HostileClient.CLIENT_RING_SIZE, 6000)),
        descriptor(
            "ring of 2 GiB",
            attacker -> attacker.set(HostileClient.SERVER_RING_SIZE, Integer.MIN_VALUE)),
        descriptor("no references", attacker -> attacker.set(HostileClient.REFERENCE_COUNT, 0)),
        descriptor("513 references", attacker -> attacker.set(HostileClient.REFERENCE_COUNT, 513)),
        descriptor(
            "a reference twice",
            attacker ->
                attacker.set(HostileClient.REFERENCES + 4, attacker.get(HostileClient.REFERENCES))),
        descriptor(
            "its own page as a ring",
            attacker -> attacker.set(HostileClient.REFERENCES, attacker.references()[0])),
        descriptor(
            "a reference that nobody granted",
            attacker -> attacker.set(HostileClient.REFERENCES + 4, 60_000)),
        descriptor("a negative reference", attacker -> attacker.set(HostileClient.REFERENCES, -1)));
  }

  private static Arguments descriptor(String name, Consumer<HostileClient> change) {
    return Arguments.of(name, change);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dishonestDescriptors")
  void a4DishonestDescriptorIsRefusedAndNothingStaysMapped(
      String name, Consumer<HostileClient> change) throws Exception {
    DomainAccounting before = domains.host.accounting(SERVER);
    change.accept(attacker);
    attacker.offer(port);
    assertEquals(REFUSED, attacker.awaitAnswer(), name);
    assertTheNeighbourIsServed();
    // the refusal was told before the last mapping ended, on the listener's loop
    listener.eventLoop().submit(() -> {}).sync();
    assertEquals(before.mappedPages(), domains.host.accounting(SERVER).mappedPages());
    assertEquals(before.ports(), domains.host.accounting(SERVER).ports());
    assertTrue(children.isEmpty());
  }

  @Test
  void a4PageGrantedToAnotherDomainIsRefused() throws Exception {
    try (var foreign = attackerXen.grants().grant(CLIENT, 1)) {
      attacker.set(HostileClient.REFERENCES, foreign.references()[0]);
      attacker.offer(port);
      assertEquals(REFUSED, attacker.awaitAnswer());
    }
    assertTrue(children.isEmpty());
  }

  @Test
  void a5DataChangedAfterItWasReadIsNotSeen() throws Exception {
    attacker.offer(port);
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Received child = children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    Channel channel = get(child.active).channel();
    BlockingQueue<ByteBuf> held = new LinkedBlockingQueue<>();
    ChannelInboundHandlerAdapter holder =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            held.add((ByteBuf) message);
          }
        };
    channel.eventLoop().submit(() -> channel.pipeline().addFirst(holder)).sync();
    attacker.memory().asSlice(Xen.PAGE_SIZE, 100).fill((byte) 1);
    attacker.publish(100);
    ByteBuf message = held.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    attacker.memory().asSlice(Xen.PAGE_SIZE, 100).fill((byte) 2);
    try {
      for (int i = 0; i < message.readableBytes(); i++) {
        assertEquals(1, message.getByte(i));
      }
    } finally {
      message.release();
    }
  }

  @Test
  void a7GranterThatTakesItsPagesBackBreaksNothing() throws Exception {
    Received child = accepted();
    Channel channel = get(child.active).channel();
    attacker.publish(10);
    child.awaitBytes(10);
    attacker.close();
    for (int i = 0; i < 100; i++) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000]));
    }
    channel.eventLoop().submit(() -> {}).sync();
  }

  @Test
  void a12PeerThatNeverReadsHoldsUpItselfOnly() throws Exception {
    Received child = accepted();
    Channel channel = get(child.active).channel();
    for (int i = 0; i < 100; i++) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[RING]));
    }
    channel.eventLoop().submit(() -> {}).sync();
    assertFalse(channel.isWritable());
    assertTrue(channel.isActive());
    assertTheNeighbourIsServed();
  }

  @Test
  void a13StormOfDoorbellsLeavesTheNeighbourServed() throws Exception {
    Received child = accepted();
    Thread storm =
        new Thread(
            () -> {
              try {
                while (!Thread.currentThread().isInterrupted()) {
                  attacker.ring();
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    storm.start();
    try {
      for (int i = 0; i < 200; i++) {
        assertTheNeighbourIsServed();
      }
      assertTrue(get(child.active).channel().isActive());
    } finally {
      storm.interrupt();
      storm.join();
    }
  }

  @Test
  void a15WritingAfterTheEndIsNotRead() throws Exception {
    Received child = accepted();
    attacker.publish(5);
    child.awaitBytes(5);
    attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, RingLayout.FINISHED);
    attacker.ring();
    get(child.inactive);
    attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, RingLayout.OPEN);
    attacker.publish(50);
    assertTheNeighbourIsServed();
    assertEquals(5, child.count());
  }

  @Test
  void a15WritingOnAfterTheCloseEndsAllTheSame() throws Exception {
    Received child = accepted();
    attacker.set(CLOSED, 1);
    AtomicBoolean more = new AtomicBoolean(true);
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (more.get()) {
                    int read = attacker.get(CONTROL_TO_SERVER + RingLayout.CONSUMER_INDEX);
                    try {
                      attacker.publish(read + RING);
                    } catch (XenException e) {
                      throw new UncheckedIOException(e);
                    }
                  }
                });
    try {
      get(child.inactive);
      assertTheNeighbourIsServed();
    } finally {
      more.set(false);
      writer.join();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -1, Integer.MAX_VALUE})
  void a15StateThatThereIsNotIsAViolation(int state) throws Exception {
    Received child = accepted();
    attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, state);
    attacker.ring();
    assertViolation(child, "writer state is " + Integer.toUnsignedString(state));
  }

  @Test
  void a16MalformedOffersAreDropped() throws Exception {
    String honest = attacker.honestOffer(port);
    for (String text :
        new String[] {
          "",
          " ",
          "1 stream",
          honest + " ",
          honest + "\0",
          honest.substring(0, honest.length() - 1),
          honest.replaceFirst("1 stream", "2 stream"),
          honest.replaceFirst("stream", "Stream"),
          honest.replaceFirst(" " + port + " ", " 0 "),
          honest.replaceFirst(" " + port + " ", " 65536 "),
          honest.replaceFirst(" " + port + " ", " -1 "),
          honest.replaceFirst(" 50000 ", " 99999999999999999999 "),
          "\u00ff".repeat(100),
          "9".repeat(2000)
        }) {
      attacker.offerText(text);
    }
    attacker.offerText(honest);
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    assertTrue(children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) != null);
    assertTrue(children.isEmpty());
  }

  @Test
  void a16ReplayedOfferMakesNoSecondConnection() throws Exception {
    String honest = attacker.honestOffer(port);
    accepted();
    for (int i = 0; i < 5; i++) {
      attacker.offerText(honest);
    }
    assertTheNeighbourIsServed();
    awaitThatTheListenerSawAllOffers();
    assertTrue(children.isEmpty());
  }

  @Test
  void a16OfferToAnotherProcessIsDropped() throws Exception {
    String honest = attacker.honestOffer(port);
    attacker.offerText(
        honest.replaceFirst(
            "stream " + port + " [0-9a-f]{16}", "stream " + port + " " + "0".repeat(16)));
    awaitThatTheListenerSawAllOffers();
    assertEquals(HostileClient.OFFERED, attacker.get(HostileClient.STATE));
    assertTrue(children.isEmpty());
  }

  @Test
  void a17DomainThatViolatesTheProtocolAgainAndAgainIsNotListenedTo() throws Exception {
    String honest = attacker.honestOffer(port);
    for (int i = 0; i < 100; i++) {
      attacker.offerText("nonsense " + i);
    }
    attacker.offerText(honest);
    Channel other = domains.connect(new Received(), listener);
    other.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
    assertEquals(HostileClient.OFFERED, attacker.get(HostileClient.STATE));
    assertTrue(children.isEmpty());
  }

  @Test
  void a18OfferWithdrawnBeforeItIsSeenLeavesNoGhost() throws Exception {
    attacker.set(HostileClient.STATE, HostileClient.ABANDONED);
    attacker.offer(port);
    awaitThatTheListenerSawAllOffers();
    assertTrue(children.isEmpty());
    assertEquals(HostileClient.ABANDONED, attacker.get(HostileClient.STATE));
  }

  @Test
  void a18OfferOfAPortThatIsNotThereIsRefused() throws Exception {
    attacker.offerText(
        attacker.honestOffer(port).replaceFirst(" \\d+ ([0-9a-f]{16})$", " 1000000 $1"));
    assertEquals(REFUSED, attacker.awaitAnswer());
    assertEquals(0, children.stream().filter(child -> child.active.isDone()).count());
  }

  @Test
  void a22OfferNodesRemovedUnderALiveConnectionChangeNothing() throws Exception {
    Received child = accepted();
    attackerXen
        .xenStore()
        .list("data/xenshm/to/" + SERVER)
        .thenCompose(
            names -> attackerXen.xenStore().remove("data/xenshm/to/" + SERVER + "/" + names.get(0)))
        .join();
    attacker.publish(7);
    child.awaitBytes(7);
  }

  /** An honest connection of the attacker's domain comes after all that it offered before. */
  private void awaitThatTheListenerSawAllOffers() throws Exception {
    try (HostileClient honest = new HostileClient(attackerXen, SERVER)) {
      honest.offerText(honest.honestOffer(port));
      assertEquals(ACCEPTED, honest.awaitAnswer());
      Received last = children.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertTrue(last != null);
      get(last.active);
    }
  }
}
