package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoopGroup;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.integration.Site.Holdings;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenLimitException;
import io.xenshm.xen.sim.SimulatedLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections under the quotas that a guest has by default. */
@Timeout(180)
class QuotaTest {
  private static final int CONNECTIONS = 1000;

  @TempDir private Path directory;
  private Site site;
  private Endpoint server;

  /** Uses connections, whose event loop ends afterwards. */
  @FunctionalInterface
  private interface Use {
    void with(EventLoopGroup group) throws Exception;
  }

  @BeforeEach
  void startServer() throws Exception {
    site = Site.start(directory);
    site.startServer();
    server = Endpoint.xenShm(site.open(Site.CLIENT), Site.ECHO);
  }

  @AfterEach
  void stop() throws Exception {
    site.close();
  }

  @Test
  void thousandConnectionsOneAfterTheOtherLeaveNothingBehind() throws Exception {
    Holdings before = holdingsAfter(this::connectOnce);
    Holdings after =
        holdingsAfter(
            group -> {
              for (int i = 0; i < CONNECTIONS; i++) {
                connectOnce(group);
              }
            });
    assertEquals(before, after);
  }

  @Test
  void asManyConnectionsAsTheQuotaAllowsThenOneMoreFailsWithTheLimitsName() throws Exception {
    Holdings before = holdingsAfter(this::connectOnce);
    Holdings after = holdingsAfter(this::connectUpToTheQuota);
    assertEquals(before, after);
  }

  private void connectOnce(EventLoopGroup group) throws Exception {
    EchoConnection connection = EchoConnection.open(group, server);
    connection.roundTrip();
    connection.close();
  }

  private void connectUpToTheQuota(EventLoopGroup group) throws Exception {
    List<EchoConnection> connections = new ArrayList<>();
    connections.add(EchoConnection.open(group, server));
    int ringBytes =
        connections.get(0).channel().config().getOption(XenShmChannelOption.XENSHM_RING_SIZE);
    int pages = 1 + 2 * ringBytes / Xen.PAGE_SIZE;
    int limit = SimulatedLimits.DEFAULT.grantedPages();
    while (connections.size() < limit / pages) {
      connections.add(EchoConnection.open(group, server));
    }
    assertTrue(connections.size() > 1, "the default ring takes the whole quota");

    Exception failure = assertThrows(Exception.class, () -> EchoConnection.open(group, server));
    assertTrue(hasLimitAsCause(failure), failure.toString());
    assertTrue(failure.getMessage().contains(Integer.toString(limit)), failure.getMessage());

    for (EchoConnection connection : connections) {
      connection.roundTrip();
    }
    for (EchoConnection connection : connections) {
      connection.close();
      assertFalse(connection.channel().isOpen());
    }
  }

  private static boolean hasLimitAsCause(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof XenLimitException) {
        return true;
      }
    }
    return false;
  }

  /** What both guests hold when the event loop ended, which keeps memory for the next connection. */
  private Holdings holdingsAfter(Use use) throws Exception {
    EventLoopGroup group = server.newEventLoopGroup();
    try {
      use.with(group);
    } finally {
      EventLoops.shutDown(group);
    }
    return Await.until(
        "no connection",
        site::holdings,
        holdings ->
            holdings.withoutConnection()
                && holdings.client().grantedPages() == 0
                && holdings.client().deferredPages() == 0);
  }
}
