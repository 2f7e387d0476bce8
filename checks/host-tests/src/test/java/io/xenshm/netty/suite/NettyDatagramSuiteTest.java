package io.xenshm.netty.suite;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapComboFactory;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapFactory;
import io.netty.testsuite.transport.socket.DatagramConnectNotExistsTest;
import io.netty.testsuite.transport.socket.DatagramUnicastIPv6MappedTest;
import io.netty.testsuite.transport.socket.DatagramUnicastIPv6Test;
import io.netty.testsuite.transport.socket.DatagramUnicastInetTest;
import io.xenshm.netty.SuiteTransports;
import io.xenshm.netty.SuiteTransports.DatagramPermutation;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/**
 * Netty's own tests of its datagram transports, over ours. Sockets are bound to all addresses, and
 * the tests send to 127.0.0.1 or ::1: in the client's table addresses of the server's domain. The
 * client with rings demands them, so that its packets wait for their ring.
 */
class NettyDatagramSuiteTest {
  /** The tests tell what they do, by this. */
  private static final Logger LOGGER = Logger.getLogger("io.netty.testsuite");

  private static SuiteTransports transports;

  @BeforeAll
  static void start() throws Exception {
    LOGGER.setLevel(Level.WARNING);
    transports = new SuiteTransports();
    sayWhereThereIsNoIpv6();
  }

  /** Netty leaves the classes of IPv6 out then, which no report shows. */
  private static void sayWhereThereIsNoIpv6() throws IOException {
    try {
      SelectorProvider.provider().openDatagramChannel(StandardProtocolFamily.INET6).close();
    } catch (UnsupportedOperationException e) {
      System.out.println(
          "SKIPPED UnicastIpv6 and UnicastIpv6Mapped of NettyDatagramSuiteTest: no IPv6 here");
    }
  }

  @AfterAll
  static void stop() throws Exception {
    transports.close();
  }

  private static List<BootstrapComboFactory<Bootstrap, Bootstrap>> pairs(
      SocketProtocolFamily family) {
    return transports.datagramPermutations(family).stream()
        .map(NettyDatagramSuiteTest::pair)
        .toList();
  }

  private static BootstrapComboFactory<Bootstrap, Bootstrap> pair(DatagramPermutation permutation) {
    return new BootstrapComboFactory<>() {
      @Override
      public Bootstrap newServerInstance() {
        return permutation.server().newBootstrap();
      }

      @Override
      public Bootstrap newClientInstance() {
        return permutation.client().newBootstrap();
      }

      @Override
      public String toString() {
        return permutation.name();
      }
    };
  }

  private static List<BootstrapFactory<Bootstrap>> clients() {
    return transports.datagramClients().stream()
        .<BootstrapFactory<Bootstrap>>map(client -> client::newBootstrap)
        .toList();
  }

  @Nested
  class UnicastInet extends DatagramUnicastInetTest {
    @Override
    protected SocketAddress newSocketAddress() {
      return new InetSocketAddress("0.0.0.0", 0);
    }

    @Override
    protected List<BootstrapComboFactory<Bootstrap, Bootstrap>> newFactories() {
      return pairs(SocketProtocolFamily.INET);
    }
  }

  @Nested
  class UnicastIpv6 extends DatagramUnicastIPv6Test {
    @Override
    protected SocketAddress newSocketAddress() {
      return new InetSocketAddress("::", 0);
    }

    @Override
    protected List<BootstrapComboFactory<Bootstrap, Bootstrap>> newFactories() {
      return pairs(SocketProtocolFamily.INET6);
    }
  }

  @Nested
  class UnicastIpv6Mapped extends DatagramUnicastIPv6MappedTest {
    @Override
    protected List<BootstrapComboFactory<Bootstrap, Bootstrap>> newFactories() {
      return pairs(SocketProtocolFamily.INET6);
    }
  }

  @Nested
  class ConnectNotExists extends DatagramConnectNotExistsTest {
    @Override
    protected List<BootstrapFactory<Bootstrap>> newFactories() {
      return clients();
    }
  }
}
