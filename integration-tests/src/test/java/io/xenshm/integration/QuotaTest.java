package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoopGroup;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.integration.Site.Holdings;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.sim.SimulatedLimits;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenLimitException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections under the quotas that a guest has by default. */
@Timeout(180)
class QuotaTest {
  private static final int CONNECTIONS = 1000;

  private Site site;
  private Endpoint server;

  /** Uses connections, whose event loop ends afterwards. */
  @FunctionalInterface
  private interface Use {
    void with(EventLoopGroup group) throws Exception;
  }

  private void start(SimulatedLimits limits) throws Exception {
    site = Site.start(limits);
    site.startServer();
    server = Endpoint.xenShm(site.open(Site.CLIENT), Site.ECHO);
  }

  @AfterEach
  void stop() {
    site.close();
  }

  @Test
  void thousandConnectionsOneAfterTheOtherLeaveNothingBehind() throws Exception {
    start(SimulatedLimits.DEFAULT);
    use(this::connectOnce);
    Holdings before = site.holdings();
    use(
        group -> {
          for (int i = 0; i < CONNECTIONS; i++) {
            connectOnce(group);
          }
        });
    Await.equal(before, site::holdings);
  }

  @Test
  void asManyConnectionsAsTheQuotaAllowsThenOneMoreFailsWithTheLimitsName() throws Exception {
    start(SimulatedLimits.DEFAULT);
    use(this::connectOnce);
    Holdings before = site.holdings();
    use(this::connectUpToTheQuota);
    Await.equal(before, site::holdings);
  }

  @Test
  void connectionWithoutAPortLeftFailsWithTheLimitsNameAndOthersGoOn() throws Exception {
    int ports = 3;
    start(SimulatedLimits.DEFAULT.withPorts(ports));
    use(this::connectOnce);
    Holdings before = site.holdings();
    use(
        group -> {
          List<EchoConnection> connections = new ArrayList<>();
          while (connections.size() < ports) {
            connections.add(EchoConnection.open(group, server));
          }
          assertLimitIsNamed(group, ports);
          for (EchoConnection connection : connections) {
            connection.roundTrip();
          }
          connections.forEach(EchoConnection::close);
        });
    Await.equal(before, site::holdings);
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

    assertLimitIsNamed(group, limit);
    for (EchoConnection connection : connections) {
      connection.roundTrip();
    }
    connections.forEach(EchoConnection::close);
  }

  private void assertLimitIsNamed(EventLoopGroup group, int limit) {
    Exception failure = assertThrows(Exception.class, () -> EchoConnection.open(group, server));
    assertTrue(hasLimitAsCause(failure), failure.toString());
    assertTrue(failure.getMessage().contains(Integer.toString(limit)), failure.getMessage());
  }

  private static boolean hasLimitAsCause(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof XenLimitException) {
        return true;
      }
    }
    return false;
  }

  /**
   * Connects with an event loop of its own, and ends it, as it keeps memory for the next
   * connection. What the server has not unmapped by then would come back at the kernel's slow pace
   * only.
   */
  private void use(Use use) throws Exception {
    EventLoopGroup group = server.newEventLoopGroup();
    try {
      use.with(group);
      site.holdingsWithoutConnection();
    } finally {
      EventLoops.shutDown(group);
    }
  }
}
