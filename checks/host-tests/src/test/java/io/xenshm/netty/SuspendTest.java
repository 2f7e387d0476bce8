package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A guest is suspended and resumed, or migrated, while it has connections and a listener. */
@Timeout(120)
class SuspendTest {
  private static final int RESUMED = 7;
  private static final int SOME = 100;

  private final BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void connectionsOfAClientThatIsSuspendedEndOnBothSidesAndNewOnesWork(XenStoreFlavour flavour)
      throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = bind(domains, new EchoToAll(accepted));
      Received client = new Received();
      echoed(connect(domains, client, listener), client);
      final Received server = accepted.poll(20, TimeUnit.SECONDS);

      domains.host.suspendAndResume(CLIENT, RESUMED);

      assertSuspended(client);
      assertPeerLost(server, CLIENT);
      Received next = domains.connectAtLast((XenShmAddress) listener.localAddress());
      echoed(get(next.active).channel(), next);
      Received child = accepted.poll(20, TimeUnit.SECONDS);
      XenShmSocketChannel channel = (XenShmSocketChannel) get(child.active).channel();
      assertEquals(RESUMED, ((XenShmAddress) channel.remoteAddress()).domainId());
      assertEquals(RESUMED, domains.clientXen.domainId());
    }
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void aServerThatIsSuspendedIsReachedUnderItsNewNumber(XenStoreFlavour flavour) throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = bind(domains, new EchoToAll(accepted));
      Received client = new Received();
      echoed(connect(domains, client, listener), client);
      final Received server = accepted.poll(20, TimeUnit.SECONDS);

      domains.host.suspendAndResume(SERVER, RESUMED);

      assertSuspended(server);
      assertPeerLost(client, SERVER);
      int port = ((XenShmAddress) listener.localAddress()).getPort();
      Received next = domains.connectAtLast(new XenShmAddress(RESUMED, port));
      echoed(get(next.active).channel(), next);
    }
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void nothingIsLeftOfTheTimeBefore(XenStoreFlavour flavour) throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = bind(domains, new EchoToAll(accepted));
      Received open = new Received();
      echoed(connect(domains, open, listener), open);
      Received closed = new Received();
      Channel idle = connect(domains, closed, listener);
      echoed(idle, closed);
      idle.close().sync(); // its memory goes to the pool

      domains.host.suspendAndResume(CLIENT, RESUMED);
      assertSuspended(open);
      Received next = domains.connectAtLast((XenShmAddress) listener.localAddress());
      echoed(get(next.active).channel(), next);
      domains.shutDownLoops();

      for (int domain : new int[] {SERVER, RESUMED}) {
        assertEquals(0, domains.host.accounting(domain).grantedPages(), "pages of " + domain);
        assertEquals(0, domains.host.accounting(domain).mappedPages(), "maps of " + domain);
        assertEquals(0, domains.host.accounting(domain).ports(), "ports of " + domain);
        assertEquals(0, domains.host.accounting(domain).xenStoreWatches(), "watches of " + domain);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void aGuestThatWasSuspendedFindsXenStoreAgainThatRestarts(XenStoreFlavour flavour)
      throws Exception {
    try (TwoDomains domains = new TwoDomains(flavour)) {
      Channel listener = bind(domains, new EchoToAll(accepted));
      int port = ((XenShmAddress) listener.localAddress()).getPort();
      domains.host.suspendAndResume(SERVER, RESUMED);
      Received resumed = domains.connectAtLast(new XenShmAddress(RESUMED, port));
      echoed(get(resumed.active).channel(), resumed);
      domains.host.restartXenStore();

      Received restarted = domains.connectAtLast(new XenShmAddress(RESUMED, port));
      echoed(get(restarted.active).channel(), restarted);
    }
  }

  /**
   * A guest that is suspended does not run. Here its loops do: one that looks at its rings without
   * a doorbell could see that the peer has closed them before it learns of the resume.
   */
  private static Channel bind(TwoDomains domains, ChannelHandler childHandler) {
    return done(
        domains
            .server(childHandler)
            .childOption(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
            .bind(new XenShmAddress(SERVER, 0)));
  }

  /** As {@link #bind}. */
  private static Channel connect(TwoDomains domains, ChannelHandler handler, Channel listener) {
    return done(
        domains
            .client(handler)
            .option(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
            .connect(listener.localAddress()));
  }

  private static void assertSuspended(Received received) throws Exception {
    Throwable cause = get(received.exception);
    assertInstanceOf(IOException.class, cause);
    assertTrue(cause.getMessage().contains("suspended"), cause.getMessage());
    get(received.inactive);
  }

  private static void assertPeerLost(Received received, int domain) throws Exception {
    Throwable cause = get(received.exception);
    assertInstanceOf(IOException.class, cause);
    assertTrue(cause.getMessage().contains("domain " + domain), cause.getMessage());
    get(received.inactive);
  }

  private static void echoed(Channel client, Received received) throws Exception {
    done(client.writeAndFlush(Unpooled.wrappedBuffer(new byte[SOME])));
    received.awaitBytes(SOME);
  }
}
