package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.Server;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmPathReason;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.sim.SimulatedXen;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LostHostTest {
  @TempDir private Path directory;

  @Test
  void connectionsGoOnAndNewOnesFailWithAMessageThatNamesXenStore() throws Exception {
    Path hostDirectory = directory.resolve("host");
    try (ChildJvm host =
        ChildJvm.start(
            "host", HostProcess.class, Map.of(), Map.of(), List.of(hostDirectory.toString()))) {
      host.awaitLine("READY", Site.PATIENCE);
      try (SimulatedXen serverXen = SimulatedXen.open(hostDirectory, Site.SERVER);
          SimulatedXen clientXen = SimulatedXen.open(hostDirectory, Site.CLIENT);
          Server server = EchoServer.start(Endpoint.xenShm(serverXen, Site.ECHO))) {
        connectBeforeAndAfter(host, Endpoint.xenShm(clientXen, Site.ECHO));
        assertTrue(server.endpoint().address().equals(Site.ECHO));
      }
    }
  }

  @Test
  void whenTheHostStartsAgainConnectionsOfBeforeGoOnAndNewOnesWork() throws Exception {
    Path hostDirectory = directory.resolve("host");
    try (ChildJvm first = startHost(hostDirectory);
        SimulatedXen serverXen = SimulatedXen.open(hostDirectory, Site.SERVER);
        SimulatedXen clientXen = SimulatedXen.open(hostDirectory, Site.CLIENT);
        Server server = EchoServer.start(Endpoint.xenShm(serverXen, Site.ECHO))) {
      assertTrue(server.endpoint().address().equals(Site.ECHO));
      Endpoint endpoint = Endpoint.xenShm(clientXen, Site.ECHO);
      EventLoopGroup group = endpoint.newEventLoopGroup();
      try {
        EchoConnection connection = EchoConnection.open(group, endpoint);
        connection.roundTrip();
        first.kill();
        first.awaitExit(Site.PATIENCE);
        try (ChildJvm second = startHost(hostDirectory)) {
          EchoConnection fresh =
              Await.until(
                  "a new connection through the host that was started again",
                  () -> openOrNull(group, endpoint),
                  opened -> opened != null);
          fresh.roundTrip();
          for (int i = 0; i < 100; i++) {
            connection.roundTrip();
          }
          connection.close();
          fresh.roundTrip();
          fresh.close();
          assertTrue(second.process().isAlive());
        }
      } finally {
        EventLoops.shutDown(group);
      }
    }
  }

  @Test
  void withoutTheHostNewConnectionsToAnAddressTakeTcpAndSharedMemoryWhenItIsBack()
      throws Exception {
    Path hostDirectory = directory.resolve("host");
    EventLoopGroup servers;
    EventLoopGroup clients;
    try (ChildJvm first = startHost(hostDirectory);
        SimulatedXen serverXen = SimulatedXen.open(hostDirectory, Site.SERVER);
        SimulatedXen clientXen = SimulatedXen.open(hostDirectory, Site.CLIENT)) {
      servers = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(serverXen));
      clients = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(clientXen));
      try {
        Channel listener =
            new ServerBootstrap()
                .group(servers)
                .channel(XenShmServerSocketChannel.class)
                .childHandler(
                    new ChannelInitializer<Channel>() {
                      @Override
                      protected void initChannel(Channel child) {}
                    })
                .bind(new InetSocketAddress("127.0." + Site.SERVER + ".1", 0))
                .sync()
                .channel();
        assertEquals(XenShmPathReason.CO_RESIDENT, reasonOfConnect(clients, listener));
        first.kill();
        first.awaitExit(Site.PATIENCE);
        assertEquals(XenShmPathReason.XENSTORE_UNAVAILABLE, reasonOfConnect(clients, listener));
        try (ChildJvm second = startHost(hostDirectory)) {
          Await.equal(XenShmPathReason.CO_RESIDENT, () -> reasonOfConnect(clients, listener));
          assertTrue(second.process().isAlive());
        }
      } finally {
        EventLoops.shutDown(clients);
        EventLoops.shutDown(servers);
      }
    }
  }

  private static ChildJvm startHost(Path hostDirectory) throws Exception {
    ChildJvm host =
        ChildJvm.start(
            "host", HostProcess.class, Map.of(), Map.of(), List.of(hostDirectory.toString()));
    host.awaitLine("READY", Site.PATIENCE);
    return host;
  }

  private static EchoConnection openOrNull(EventLoopGroup group, Endpoint endpoint)
      throws Exception {
    try {
      return EchoConnection.open(group, endpoint);
    } catch (IOException e) {
      return null; // not announced again yet
    }
  }

  private static XenShmPathReason reasonOfConnect(EventLoopGroup group, Channel listener)
      throws InterruptedException {
    XenShmSocketChannel channel =
        (XenShmSocketChannel)
            new Bootstrap()
                .group(group)
                .channel(XenShmSocketChannel.class)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(listener.localAddress())
                .sync()
                .channel();
    XenShmPathReason reason = channel.pathReason();
    channel.close().sync();
    return reason;
  }

  private static void connectBeforeAndAfter(ChildJvm host, Endpoint server) throws Exception {
    EventLoopGroup group = server.newEventLoopGroup();
    try {
      EchoConnection connection = EchoConnection.open(group, server);
      connection.roundTrip();

      host.kill();
      host.awaitExit(Site.PATIENCE);

      for (int i = 0; i < 100; i++) {
        connection.roundTrip();
      }
      IOException failure =
          assertThrows(IOException.class, () -> EchoConnection.open(group, server));
      assertTrue(failure.getMessage().contains("XenStore"), failure.getMessage());
      connection.roundTrip();
      connection.close();
    } finally {
      EventLoops.shutDown(group);
    }
  }
}
