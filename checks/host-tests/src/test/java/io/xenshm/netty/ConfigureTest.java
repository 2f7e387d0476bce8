package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A bootstrap that is switched to this transport in one call. */
class ConfigureTest {

  @Test
  void oneCallEachSwitchesServerAndClient() throws Exception {
    try (TwoDomains domains = new TwoDomains()) {
      Received server = new Received();
      ServerBootstrap serverBootstrap =
          new ServerBootstrap()
              .group(domains.serverBoss, domains.serverWorkers)
              .childHandler(server);
      Bootstrap clientBootstrap =
          new Bootstrap().group(domains.clientLoops).handler(new Received());

      assertSame(serverBootstrap, XenShm.configure(serverBootstrap));
      assertSame(clientBootstrap, XenShm.configure(clientBootstrap));

      Channel listener = done(serverBootstrap.bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
      Channel client = done(clientBootstrap.connect(listener.localAddress()));
      assertEquals(XenShmPath.SHARED_MEMORY, ((XenShmSocketChannel) client).path());
      get(server.active);
    }
  }

  @Test
  void aGroupOfAnotherTransportIsNamedWithTheRightOne() {
    EventLoopGroup nio = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try {
      IllegalStateException failure =
          assertThrows(
              IllegalStateException.class, () -> XenShm.configure(new Bootstrap().group(nio)));

      assertTrue(failure.getMessage().contains("MultiThreadIoEventLoopGroup"));
      assertTrue(failure.getMessage().contains("XenShmIoHandler.newFactory()"));
    } finally {
      nio.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @Test
  void aServersWorkerGroupIsCheckedToo() throws Exception {
    EventLoopGroup nio = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (TwoDomains domains = new TwoDomains()) {
      IllegalStateException failure =
          assertThrows(
              IllegalStateException.class,
              () -> XenShm.configure(new ServerBootstrap().group(domains.serverBoss, nio)));

      assertTrue(failure.getMessage().contains("childGroup"), failure.getMessage());
    } finally {
      nio.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @Test
  void aMissingGroupIsNamed() {
    IllegalStateException failure =
        assertThrows(IllegalStateException.class, () -> XenShm.configure(new Bootstrap()));

    assertTrue(failure.getMessage().contains("no group"), failure.getMessage());
  }

  @Test
  void aChannelClassThatIsSetAlreadyIsNamed() throws Exception {
    try (TwoDomains domains = new TwoDomains()) {
      Bootstrap bootstrap =
          new Bootstrap().group(domains.clientLoops).channel(NioSocketChannel.class);

      IllegalStateException failure =
          assertThrows(IllegalStateException.class, () -> XenShm.configure(bootstrap));

      assertTrue(failure.getMessage().contains("NioSocketChannel"), failure.getMessage());
    }
  }
}
