package io.xenshm.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.NetUtil;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The transports that Netty's test suite runs over, each between a server in one simulated domain
 * and a client in another, or in a third that no table knows.
 */
public final class SuiteTransports implements AutoCloseable {
  private static final int SERVER = 1;
  private static final int CLIENT = 2;
  private static final int STRANGER = 3;
  private static final int THREADS = 4;
  private static final int SHUTDOWN_SECONDS = 30;

  /**
   * A server's and a client's bootstrap, each new at every call.
   *
   * @param path the path that the connections take; {@code null} for any
   */
  public record Permutation(String name, XenShmPath path, Server server, Client client) {}

  /** Two bootstraps of datagram channels, each new at every call. */
  public record DatagramPermutation(String name, Client server, Client client) {}

  /** Makes server bootstraps. */
  public interface Server {
    /** Returns a new one. */
    ServerBootstrap newBootstrap();
  }

  /** Makes client bootstraps. */
  public interface Client {
    /** Returns a new one. */
    Bootstrap newBootstrap();
  }

  private final Deque<Closeable> opened = new ArrayDeque<>();
  private final List<EventLoopGroup> groups = new ArrayList<>();
  private final IoHandlerFactory ioHandlerFactory;
  private final Server xenShmServer;
  private final Server epollServer;
  private final Client ringClient;
  private final Client fallbackClient;
  private final Client epollClient;
  private final EventLoopGroup workers;
  private final EventLoopGroup clients;
  private final EventLoopGroup strangers;

  /** Starts the simulated host and the event loops. */
  public SuiteTransports() throws IOException {
    Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-suite");
    opened.push(() -> Files.delete(directory));
    SimulatedHost host =
        SimulatedHost.start(SimulatedHostConfig.of(directory.resolve("host"), STRANGER));
    opened.push(host::close);
    Xen serverXen = open(host, SERVER);
    Function<Xen, PeerDirectory> serverPeers = xen -> new FakeDirectory(SERVER, CLIENT);
    EventLoopGroup boss = group(serverXen, serverPeers);
    workers = group(serverXen, serverPeers);
    Xen clientXen = open(host, CLIENT);
    FakeDirectory clientTable = new FakeDirectory(CLIENT, SERVER);
    // where the datagram tests send to
    clientTable.put(NetUtil.LOCALHOST4, SERVER);
    clientTable.put(NetUtil.LOCALHOST6, SERVER);
    Function<Xen, PeerDirectory> clientPeers = xen -> clientTable;
    ioHandlerFactory = XenShmIoHandler.newFactory(clientXen, clientPeers);
    clients = group(clientXen, clientPeers);
    strangers = group(open(host, STRANGER), xen -> new FakeDirectory(STRANGER));
    xenShmServer =
        () -> new ServerBootstrap().group(boss, workers).channel(XenShmServerSocketChannel.class);
    epollServer =
        () -> new ServerBootstrap().group(boss, workers).channel(EpollServerSocketChannel.class);
    ringClient = () -> new Bootstrap().group(clients).channel(XenShmSocketChannel.class);
    fallbackClient = () -> new Bootstrap().group(strangers).channel(XenShmSocketChannel.class);
    epollClient = () -> new Bootstrap().group(strangers).channel(EpollSocketChannel.class);
  }

  private static Bootstrap datagrams(EventLoopGroup group, SocketProtocolFamily family) {
    return new Bootstrap().group(group).channelFactory(() -> new XenShmDatagramChannel(family));
  }

  private Xen open(SimulatedHost host, int domain) throws IOException {
    SimulatedXen xen = SimulatedXen.open(host.directory(), domain);
    opened.push(xen::close);
    return xen;
  }

  /** Returns a factory for more event loops of the client's domain. */
  public IoHandlerFactory ioHandlerFactory() {
    return ioHandlerFactory;
  }

  private EventLoopGroup group(Xen xen, Function<Xen, PeerDirectory> directory) {
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(THREADS, XenShmIoHandler.newFactory(xen, directory));
    groups.add(group);
    return group;
  }

  /** Returns the combinations of a server and a client. */
  public List<Permutation> permutations() {
    return List.of(
        new Permutation("xenshm both", XenShmPath.SHARED_MEMORY, xenShmServer, this::ringOrNothing),
        new Permutation("xenshm both", XenShmPath.TCP, xenShmServer, fallbackClient),
        new Permutation("xenshm server, epoll client", XenShmPath.TCP, xenShmServer, epollClient),
        new Permutation("epoll server, xenshm client", XenShmPath.TCP, epollServer, ringClient));
  }

  /** Returns the combinations of datagram channels. A client with rings demands them. */
  public List<DatagramPermutation> datagramPermutations(SocketProtocolFamily family) {
    Client server = () -> datagrams(workers, family);
    Client rings =
        () ->
            datagrams(clients, family).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED);
    Client udp = () -> datagrams(strangers, family);
    Client epoll =
        () ->
            new Bootstrap().group(strangers).channelFactory(() -> new EpollDatagramChannel(family));
    return List.of(
        new DatagramPermutation("xenshm both, rings", server, rings),
        new DatagramPermutation("xenshm both, UDP", server, udp),
        new DatagramPermutation("xenshm server, epoll client", server, epoll),
        new DatagramPermutation("epoll server, xenshm client", epoll, udp));
  }

  /** Returns datagram channels that prefer rings, and those of a domain that no table knows. */
  public List<Client> datagramClients() {
    return List.of(() -> datagrams(clients, null), () -> datagrams(strangers, null));
  }

  /** Returns the combination in which the client takes shared memory where that is possible. */
  public Permutation preferred() {
    return new Permutation("xenshm both, preferred", null, xenShmServer, ringClient);
  }

  private Bootstrap ringOrNothing() {
    return ringClient.newBootstrap().option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED);
  }

  /** Returns the servers that are ours. */
  public List<Server> servers() {
    return List.of(xenShmServer);
  }

  /** Returns the clients that are ours. */
  public List<Client> clients() {
    return List.of(ringClient, fallbackClient);
  }

  /** Returns the address that servers bind to. */
  public static InetSocketAddress serverAddress() {
    return new InetSocketAddress(FakeDirectory.addressOfDomain(SERVER), 0);
  }

  @Override
  public void close() throws IOException {
    groups.forEach(group -> group.shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS));
    for (EventLoopGroup group : groups) {
      group.terminationFuture().awaitUninterruptibly(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
    }
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }
}
