package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** XenStore's daemon ends and starts again without its contents. */
@Timeout(120)
class XenStoreLossTest {
  private static final int SOME = 100;

  private final BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void connectionsGoOnAndNewOnesFindTheListenerAgain(XenStoreFlavour flavour) throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = domains.bind(new EchoToAll(accepted));
      Received received = new Received();
      Channel client = domains.connect(received, listener);
      echoed(client, received, SOME);

      domains.host.restartXenStore();
      Received other = domains.connectAtLast(listener.localAddress());

      echoed(get(other.active).channel(), other, SOME);
      echoed(client, received, 2 * SOME);
      assertTrue(client.isOpen());
      assertTrue(!received.exception.isDone());
    }
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void twoLossesInARowAreNoDeathEither(XenStoreFlavour flavour) throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = domains.bind(new EchoToAll(accepted));
      Received received = new Received();
      Channel client = domains.connect(received, listener);
      for (int i = 1; i <= 5; i++) {
        domains.host.restartXenStore();
        if (i % 2 == 0) {
          domains.connectAtLast(listener.localAddress());
        }
      }
      domains.connectAtLast(listener.localAddress());
      echoed(client, received, SOME);
    }
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void theDeathOfEitherDomainIsNoticedAfterwards(XenStoreFlavour flavour) throws Exception {
    for (int dying : new int[] {SERVER, CLIENT}) {
      accepted.clear();
      try (TwoDomains domains = new TwoDomains(flavour)) {
        Channel listener = domains.bind(new EchoToAll(accepted));
        Received client = new Received();
        domains.connect(client, listener);
        final Received server = accepted.poll(20, TimeUnit.SECONDS);
        get(server.active);
        awaitWatched(domains);
        domains.host.restartXenStore();
        domains.connectAtLast(listener.localAddress());
        awaitWatched(domains);

        domains.host.destroyDomain(dying);

        Received survivor = dying == SERVER ? client : server;
        Throwable loss = get(survivor.exception);
        assertInstanceOf(IOException.class, loss);
        assertTrue(loss.getMessage().contains("domain " + dying), loss.getMessage());
        get(survivor.inactive);
      }
    }
  }

  /** Another process of the domain is no reason to take the port for free. */
  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void anUnboundListenerStaysWithdrawn(XenStoreFlavour flavour) throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel kept = domains.bind(new EchoToAll(accepted));
      Channel listener = domains.bind(new EchoToAll(accepted));
      XenShmAddress address = (XenShmAddress) listener.localAddress();
      listener.close().sync();

      domains.host.restartXenStore();
      domains.connectAtLast(kept.localAddress());

      ChannelFuture refused =
          domains.client(new Received()).connect(address).awaitUninterruptibly();
      assertTrue(refused.cause().getMessage().contains("no listener"), refused.cause().toString());
      assertEquals(
          null,
          domains.host.xenStore().read("/local/domain/1/data/xenshm/listen/" + address.getPort()));
    }
  }

  /** Both sides have published what the other watches, watch it, and have seen it. */
  private static void awaitWatched(TwoDomains domains) throws Exception {
    SimXenStore store = domains.host.xenStore();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    // domid and the server's listeners; domid, all offers, and the client's
    while (store.watches(CLIENT) < 2
        || store.watches(SERVER) < 3
        || store.read("/local/domain/1/data/xenshm/listen") == null
        || store.read("/local/domain/2/data/xenshm/to/1") == null) {
      assertTrue(System.nanoTime() - deadline < 0, "the sides do not watch each other");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    // What the watches fired was sent before the answers to these, and asked for before the last.
    for (int i = 0; i < 3; i++) {
      domains.clientXen.xenStore().readString("domid").get(20, TimeUnit.SECONDS);
      domains.serverXen.xenStore().readString("domid").get(20, TimeUnit.SECONDS);
    }
  }

  private static void echoed(Channel client, Received received, int total) throws Exception {
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[SOME])).sync();
    received.awaitBytes(total);
  }
}
