package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.xenshm.link.HostileClient;
import io.xenshm.ring.RingLayout;
import io.xenshm.xen.Xen;
import io.xenshm.xen.sim.SimulatedDomain;
import io.xenshm.xen.sim.SimulatedXen;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Peers that are silent for a second count as dead here; the raw client never beats. */
class HeartbeatTest {
  private static final int ATTACKER = 3;

  private final Received child = new Received();
  private TwoDomains domains;
  private SimulatedXen silentXen;
  private HostileClient silent;
  private Channel listener;

  @BeforeEach
  void start() throws Exception {
    System.setProperty(Heartbeats.SILENCE_PROPERTY, "1");
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    silentXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    silent = new HostileClient(silentXen, SERVER);
    listener = domains.bind(child);
  }

  @AfterEach
  void stop() {
    System.clearProperty(Heartbeats.SILENCE_PROPERTY);
    silent.close();
    silentXen.close();
    domains.close();
  }

  private void connectSilently() throws Exception {
    silent.offer(((InetSocketAddress) listener.localAddress()).getPort());
    assertEquals(HostileClient.ACCEPTED, silent.awaitAnswer());
    get(child.active);
  }

  @Test
  void a10PeerThatShowsNoSignOfLifeIsGivenUp() throws Exception {
    connectSilently();
    IOException loss = assertInstanceOf(IOException.class, get(child.exception));
    assertTrue(
        loss.getMessage().contains("no sign of life of the peer in domain " + ATTACKER),
        loss.getMessage());
    get(child.inactive);
  }

  @Test
  void aSilentPeerIsGivenUpAlsoWhereTheChannelMovedToAnotherLoop() throws Exception {
    connectSilently();
    Channel moved = get(child.active).channel();
    done(moved.deregister());
    EventLoop other = domains.serverWorkers.next();
    done((other.equals(moved.eventLoop()) ? domains.serverWorkers.next() : other).register(moved));

    assertInstanceOf(IOException.class, get(child.exception));
    done(moved.closeFuture());
  }

  @Test
  void idleConnectionOfALivingPeerOutlivesTheSilentOne() throws Exception {
    Received server = new Received();
    Channel honestListener = domains.bind(server);
    Channel honest = domains.connect(new Received(), honestListener);
    connectSilently();
    get(child.inactive);
    // so many beats again as the silent one was allowed
    for (int i = 0; i < 4; i++) {
      honest.eventLoop().schedule(() -> {}, 1, TimeUnit.SECONDS).sync();
    }
    assertTrue(honest.isActive());
    assertTrue(get(server.active).channel().isActive());
  }

  @Test
  void a14DataForWhichNobodyRangIsRead() throws Exception {
    connectSilently();
    silent.memory().set(ValueLayout.JAVA_BYTE, Xen.PAGE_SIZE, (byte) 7);
    silent.set(HostileClient.CONTROL_TO_SERVER + RingLayout.PRODUCER_INDEX, 1);
    assertArrayEquals(new byte[] {7}, child.awaitBytes(1));
  }
}
