package io.xenshm.netty.suite;

import io.netty.bootstrap.Bootstrap;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapComboFactory;
import io.netty.testsuite.transport.socket.DatagramUnicastInetTest;
import io.xenshm.netty.SuiteTransports;
import io.xenshm.netty.SuiteTransports.DatagramPermutation;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Netty's own tests of its datagram transports, over ours. Sockets are bound to all addresses, and
 * the tests send to 127.0.0.1: in the client's table an address of the server's domain. The client
 * with rings demands them, so that its packets wait for their ring.
 */
class NettyDatagramSuiteTest extends DatagramUnicastInetTest {
  private static SuiteTransports transports;

  @BeforeAll
  static void start() throws Exception {
    transports = new SuiteTransports();
  }

  @AfterAll
  static void stop() throws Exception {
    transports.close();
  }

  @Override
  protected SocketAddress newSocketAddress() {
    return new InetSocketAddress("0.0.0.0", 0);
  }

  @Override
  protected List<BootstrapComboFactory<Bootstrap, Bootstrap>> newFactories() {
    return transports.datagramPermutations().stream().map(NettyDatagramSuiteTest::pair).toList();
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
}
