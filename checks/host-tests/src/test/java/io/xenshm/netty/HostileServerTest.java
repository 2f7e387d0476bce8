package io.xenshm.netty;

import static io.xenshm.link.HostileServer.ACCEPTED;
import static io.xenshm.link.HostileServer.CONTROL_TO_CLIENT;
import static io.xenshm.link.HostileServer.CONTROL_TO_SERVER;
import static io.xenshm.link.HostileServer.REFUSED;
import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.xenshm.link.HostileServer;
import io.xenshm.ring.RingLayout;
import io.xenshm.ring.RingViolationException;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import java.io.IOException;
import java.net.ConnectException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hostile guest as the listener that an honest client connects to; the numbers are those of
 * docs/trust.md. After each attack a well-behaved connection must still work, on the same loops.
 */
class HostileServerTest {
  private static final int ATTACKER = 3;
  private static final int PORT = 4711;
  private static final int RING = XenShmSocketChannelConfig.DEFAULT_RING_SIZE;
  private static final int PAGES = 1 + 2 * RING / Xen.PAGE_SIZE;

  private final Received received = new Received();
  private TwoDomains domains;
  private SimulatedXen attackerXen;
  private HostileServer attacker;
  private Channel honestListener;

  @BeforeEach
  void start() throws Exception {
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    attackerXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    attacker = new HostileServer(attackerXen, PORT, "1 stream xen");
    honestListener = domains.bind(new Received());
  }

  @AfterEach
  void othersAreStillServed() throws Exception {
    try {
      Channel neighbour = domains.connect(new Received(), honestListener);
      neighbour.writeAndFlush(Unpooled.wrappedBuffer(new byte[3 * RING])).sync();
    } finally {
      attacker.close();
      attackerXen.close();
      domains.close();
    }
  }

  private ChannelFuture connect() {
    return domains
        .client(received)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2000)
        .connect(new XenShmAddress(ATTACKER, PORT));
  }

  private Channel connected() throws Exception {
    ChannelFuture connect = connect();
    attacker.awaitOffer(CLIENT).answer(ACCEPTED);
    return done(connect);
  }

  private void assertViolation(String expected) throws Exception {
    RingViolationException violation =
        assertInstanceOf(RingViolationException.class, get(received.exception));
    assertTrue(violation.getMessage().contains(expected), violation.getMessage());
    get(received.inactive);
  }

  @ParameterizedTest
  @ValueSource(ints = {RING + 1, -1, Integer.MIN_VALUE})
  void a1ProducerIndexOutOfRangeClosesTheChannel(int index) throws Exception {
    connected();
    attacker.set(CONTROL_TO_CLIENT + RingLayout.PRODUCER_INDEX, index);
    attacker.ring();
    assertViolation("producer index is " + Integer.toUnsignedString(index));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, RING})
  void a1ConsumerIndexOutOfRangeFailsTheWrite(int size) throws Exception {
    Channel channel = connected();
    done(channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[RING])));
    attacker.set(CONTROL_TO_SERVER + RingLayout.CONSUMER_INDEX, -5);
    Throwable failure =
        channel
            .writeAndFlush(Unpooled.wrappedBuffer(new byte[size]))
            .awaitUninterruptibly()
            .cause();
    assertInstanceOf(RingViolationException.class, failure);
    done(channel.closeFuture());
  }

  @Test
  void a2ProducerIndexGoingBackwardsClosesTheChannel() throws Exception {
    connected();
    attacker.set(CONTROL_TO_CLIENT + RingLayout.PRODUCER_INDEX, 100);
    attacker.ring();
    received.awaitBytes(100);
    attacker.set(CONTROL_TO_CLIENT + RingLayout.PRODUCER_INDEX, 50);
    attacker.ring();
    assertViolation("producer index is 50");
  }

  @Test
  void a12ServerThatNeverReadsOnlyFillsItsRing() throws Exception {
    Channel channel = connected();
    for (int i = 0; i < 50; i++) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[RING / 4]));
    }
    channel.eventLoop().submit(() -> {}).sync();
    assertFalse(channel.isWritable());
    assertTrue(channel.isActive());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, -1, Integer.MAX_VALUE})
  void a15AnswerThatThereIsNotFailsTheConnect(int state) throws Exception {
    ChannelFuture connect = connect();
    attacker.awaitOffer(CLIENT).answer(state);
    ConnectException failure =
        assertInstanceOf(ConnectException.class, connect.awaitUninterruptibly().cause());
    assertTrue(
        failure.getMessage().contains("domain " + ATTACKER)
            && failure.getMessage().contains("state " + state),
        failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 77, -1})
  void a15ReasonThatThereIsNotIsStillARefusal(int reason) throws Exception {
    ChannelFuture connect = connect();
    attacker.awaitOffer(CLIENT).setRefusalReason(reason);
    attacker.answer(REFUSED);
    ConnectException failure =
        assertInstanceOf(ConnectException.class, connect.awaitUninterruptibly().cause());
    assertTrue(failure.getMessage().contains("refused"), failure.getMessage());
  }

  @Test
  void a15TakingTheAnswerBackChangesNothing() throws Exception {
    Channel channel = connected();
    attacker.set(HostileServer.STATE, REFUSED);
    attacker.ring();
    attacker.set(CONTROL_TO_CLIENT + RingLayout.PRODUCER_INDEX, 10);
    attacker.ring();
    received.awaitBytes(10);
    assertTrue(channel.isActive());
  }

  @Test
  void a15ForgedDeathEndsTheConnection() throws Exception {
    Channel channel = connected();
    attacker.pretendDeath();
    assertInstanceOf(IOException.class, get(received.exception));
    done(channel.closeFuture());
  }

  @Test
  void a18ServerThatNeverAnswersCostsTheTimeOutOnly() throws Exception {
    ChannelFuture connect = connect();
    attacker.awaitOffer(CLIENT);
    assertInstanceOf(ConnectTimeoutException.class, connect.awaitUninterruptibly().cause());
    assertEquals(4, attacker.get(HostileServer.STATE), "the offer is not abandoned");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1 stream", "2 stream xen", "1 stream nobody", "1  stream xen", "999999"})
  void a16MalformedListenerRecordIsNoListener(String record) throws Exception {
    attacker.announce(PORT, record);
    ConnectException failure =
        assertInstanceOf(ConnectException.class, connect().awaitUninterruptibly().cause());
    assertTrue(failure.getMessage().contains("port " + PORT), failure.getMessage());
  }

  @Test
  void a11MemoryThatAServerKeepsMappedIsNeitherReusedNorCountedTwice() throws Exception {
    Channel first = connected();
    first.close().sync();
    int kept = domains.host.accounting(CLIENT).grantedPages();
    assertTrue(kept >= PAGES, "pages: " + kept);

    try (HostileServer second = new HostileServer(attackerXen, PORT + 1, "1 stream xen")) {
      ChannelFuture connect =
          domains
              .client(new Received())
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2000)
              .connect(new XenShmAddress(ATTACKER, PORT + 1));
      second.awaitOffer(CLIENT);
      assertEquals(kept + PAGES, domains.host.accounting(CLIENT).grantedPages());
      second.answer(ACCEPTED);
      done(connect);
    }
  }

  @Test
  void a9PortAndPagesOfAClosedConnectionGoWithTheDomainThatNeverUnmappedThem() throws Exception {
    int ports = domains.host.accounting(CLIENT).ports();
    int pages = domains.host.accounting(CLIENT).grantedPages();
    connected().close().sync();
    assertEquals(ports + 1, domains.host.accounting(CLIENT).ports());

    domains.host.destroyDomain(ATTACKER);

    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (domains.host.accounting(CLIENT).ports() > ports
        || domains.host.accounting(CLIENT).grantedPages() > pages) {
      assertTrue(System.nanoTime() < deadline, "held: " + domains.host.accounting(CLIENT));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
