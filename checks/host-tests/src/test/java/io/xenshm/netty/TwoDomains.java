package io.xenshm.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A simulated host with a server's domain and a client's, and event loops for both, all in this
 * JVM.
 */
final class TwoDomains implements AutoCloseable {
  static final int SERVER = 1;
  static final int CLIENT = 2;
  static final InetAddress SERVER_ADDRESS = FakeDirectory.addressOfDomain(SERVER);
  static final InetAddress CLIENT_ADDRESS = FakeDirectory.addressOfDomain(CLIENT);
  private static final int TIMEOUT_SECONDS = 20;
  private static final Path MEMORY_BACKED = Path.of("/dev/shm");

  private final Path directory;
  final SimulatedHost host;
  final SimulatedXen serverXen;
  final SimulatedXen clientXen;
  final FakeDirectory serverPeers = new FakeDirectory(SERVER, CLIENT);
  final FakeDirectory clientPeers = new FakeDirectory(CLIENT, SERVER);
  final EventLoopGroup serverBoss;
  final EventLoopGroup serverWorkers;
  final EventLoopGroup clientLoops;

  TwoDomains() throws IOException {
    this(XenStoreFlavour.C);
  }

  TwoDomains(XenStoreFlavour flavour) throws IOException {
    directory = Files.createTempDirectory(MEMORY_BACKED, "xenshm-test");
    host =
        SimulatedHost.start(
            SimulatedHostConfig.of(directory.resolve("host"), 2).withFlavour(flavour));
    serverXen = SimulatedXen.open(host.directory(), SERVER);
    clientXen = SimulatedXen.open(host.directory(), CLIENT);
    IoHandlerFactory serverFactory = XenShmIoHandler.newFactory(serverXen, xen -> serverPeers);
    IoHandlerFactory clientFactory = XenShmIoHandler.newFactory(clientXen, xen -> clientPeers);
    serverBoss = new MultiThreadIoEventLoopGroup(1, serverFactory);
    serverWorkers = new MultiThreadIoEventLoopGroup(2, serverFactory);
    clientLoops = new MultiThreadIoEventLoopGroup(2, clientFactory);
  }

  ServerBootstrap server(ChannelHandler childHandler) {
    return new ServerBootstrap()
        .group(serverBoss, serverWorkers)
        .channel(XenShmServerSocketChannel.class)
        .childHandler(childHandler);
  }

  Bootstrap client(ChannelHandler handler) {
    return new Bootstrap().group(clientLoops).channel(XenShmSocketChannel.class).handler(handler);
  }

  static Channel done(ChannelFuture future) {
    future.awaitUninterruptibly(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (!future.isDone()) {
      throw new AssertionError("not done in " + TIMEOUT_SECONDS + " s: " + future);
    }
    return future.syncUninterruptibly().channel();
  }

  /** Binds to the server's IP address. */
  Channel bindAddress(ChannelHandler childHandler) {
    return done(server(childHandler).bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
  }

  Channel bind(ChannelHandler childHandler) {
    return done(server(childHandler).bind(new XenShmAddress(SERVER, 0)));
  }

  Channel connect(ChannelHandler handler, Channel listener) {
    return done(client(handler).connect(listener.localAddress()));
  }

  /** Connects, again and again until it succeeds. */
  Received connectAtLast(SocketAddress address) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (true) {
      Received received = new Received();
      ChannelFuture connect = client(received).connect(address).awaitUninterruptibly();
      if (connect.isSuccess()) {
        return received;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("no connection to " + address, connect.cause());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  void shutDownLoops() {
    EventLoopGroup[] groups = {clientLoops, serverWorkers, serverBoss};
    for (EventLoopGroup group : groups) {
      group.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
    for (EventLoopGroup group : groups) {
      group.terminationFuture().awaitUninterruptibly(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    shutDownLoops();
    clientXen.close();
    serverXen.close();
    host.close();
    try {
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("the host left something in " + directory, e);
    }
  }
}
