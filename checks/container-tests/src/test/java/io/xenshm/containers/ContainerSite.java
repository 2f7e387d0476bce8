package io.xenshm.containers;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** A network with hosts and guests; all of it ends with this. */
final class ContainerSite implements AutoCloseable {
  static final int ECHO_PORT = 4711;
  static final int FILE_PORT = 4712;
  static final int SERVER = 1;
  static final int CLIENT = 2;

  private final GuestNetwork network = GuestNetwork.create();
  private final Deque<XenHostContainer> hosts = new ArrayDeque<>();
  private final Deque<GuestContainer> guests = new ArrayDeque<>();

  /** Starts a host. */
  XenHostContainer host(int... domains) {
    XenHostContainer host = new XenHostContainer(network, domains);
    hosts.push(host);
    host.start();
    return host;
  }

  /** Describes a guest, which is not started. */
  GuestContainer guest(XenHostContainer host, int domain, Class<?> program, String... arguments) {
    GuestContainer guest = new GuestContainer(host, domain, program, arguments);
    guests.push(guest);
    return guest;
  }

  /** Starts a server; returns when it serves. */
  GuestContainer server(XenHostContainer host, int domain, Class<?> program, String address)
      throws IOException, InterruptedException {
    GuestContainer server = guest(host, domain, program, address);
    server.start();
    server.awaitLine("READY");
    return server;
  }

  /** Returns the address of a server of the examples. */
  static String echo(XenHostContainer host, int domain) {
    return "auto:" + host.address(domain) + ":" + ECHO_PORT;
  }

  /** Returns the address of a receiver of files. */
  static String files(XenHostContainer host, int domain) {
    return "auto:" + host.address(domain) + ":" + FILE_PORT;
  }

  /** Ends all guests, the newest first. */
  void endGuests() {
    while (!guests.isEmpty()) {
      guests.pop().close();
    }
  }

  /** Ends all. */
  @Override
  public void close() {
    endGuests();
    while (!hosts.isEmpty()) {
      hosts.pop().close();
    }
    network.close();
  }
}
