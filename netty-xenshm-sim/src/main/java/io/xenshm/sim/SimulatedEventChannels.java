package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Event channels behind one FIFO. Binding and unbinding ask the host; events go through the port
 * tables and the FIFOs, without it.
 */
final class SimulatedEventChannels implements EventChannels {
  /** What one read of the device returns at most, in ports (4096 bytes). */
  private static final int MAX_PORTS_PER_POLL = 1024;

  private final SimulatedProcess process;
  private final PortTable ports;
  private final Doorbell doorbell;

  /** Where each port's events go, as far as it is known; replaced under this object's lock. */
  private final Route[] routes;

  /** Not 0 for the ports that are bound here: the host learns later of an unbind. */
  private final AtomicIntegerArray bound;

  private final MemorySegment pollBuffer = Arena.ofAuto().allocate(JAVA_INT, MAX_PORTS_PER_POLL);
  private MemorySegment pollView = pollBuffer;
  private int overflowsSeen;
  private volatile boolean closed;

  private SimulatedEventChannels(SimulatedProcess process, PortTable ports, Doorbell doorbell) {
    this.process = process;
    this.ports = ports;
    this.doorbell = doorbell;
    this.routes = new Route[ports.maxPort() + 1];
    this.bound = new AtomicIntegerArray(ports.maxPort() + 1);
    this.overflowsSeen = ports.overflows();
  }

  static SimulatedEventChannels open(SimulatedProcess process) throws XenException {
    PortTable ports = process.portTables().of(process.domainId());
    int number = process.call(Hypercall.OPEN_CHANNELS.request(0)).getInt();
    try {
      SimulatedEventChannels channels =
          new SimulatedEventChannels(
              process, ports, Doorbell.open(process.directory().doorbell(number), number));
      process.opened(channels);
      return channels;
    } catch (PosixException e) {
      process.closeChannels(number);
      throw new XenException("cannot open event channels: " + e.getMessage(), e);
    }
  }

  /** Returns the number of the doorbell, by which the host knows these event channels. */
  int doorbell() {
    return doorbell.number();
  }

  @Override
  public int fileDescriptor() {
    return doorbell.fileDescriptor();
  }

  @Override
  public int bindUnbound(int remoteDomainId) throws XenException {
    ByteBuffer request = request(Hypercall.BIND_UNBOUND, remoteDomainId);
    return bound(process.call(request).getInt());
  }

  @Override
  public int bindInterdomain(int remoteDomainId, int remotePort) throws XenException {
    ByteBuffer request = request(Hypercall.BIND_INTERDOMAIN, remoteDomainId, remotePort);
    int port = bound(process.call(request).getInt());
    try {
      prepareRoute(port);
      return port;
    } catch (XenException e) {
      unbind(port);
      throw e;
    }
  }

  private int bound(int port) {
    bound.set(port, 1);
    return port;
  }

  @Override
  public void unbind(int port) throws XenException {
    ByteBuffer request = request(Hypercall.UNBIND, port);
    requireBound(port);
    if (bound.compareAndSet(port, 1, 0)) {
      process.post(request);
      forgetRoute(port);
    }
  }

  private ByteBuffer request(Hypercall operation, int... arguments) throws XenException {
    if (closed) {
      throw closedException();
    }
    ByteBuffer request = operation.request((1 + arguments.length) * Integer.BYTES);
    request.putInt(doorbell.number());
    for (int argument : arguments) {
      request.putInt(argument);
    }
    return request;
  }

  /** Fails unless a port is bound here. */
  void requireBound(int port) throws XenException {
    if (!isBound(port)) {
      throw new XenException(
          "port "
              + Integer.toUnsignedString(port)
              + " of domain "
              + process.domainId()
              + " is not bound in these event channels");
    }
  }

  @Override
  public void notify(int port) throws XenException {
    if (closed || process.isDead()) {
      throw closedException();
    }
    requireBound(port);
    long destination = ports.route(port);
    if (destination != PortTable.NO_ROUTE) {
      send(port, destination);
    }
  }

  private void send(int port, long destination) throws XenException {
    int remotePort = PortTable.portOf(destination);
    Route route = routes[port];
    while (true) {
      if (route == null || route.destination != destination) {
        route = findRoute(port, destination);
        if (route == null) {
          return;
        }
      }
      int flags = route.table.flags(remotePort);
      boolean stillConnected =
          route.table.route(remotePort) == PortTable.route(process.domainId(), port);
      if (!stillConnected) {
        return;
      }
      if (route.table.doorbell(remotePort) != route.doorbell.number()) {
        route = null;
        continue;
      }
      PortTable.Raised raised = route.table.raise(remotePort, flags);
      if (raised == PortTable.Raised.RING) {
        ring(route, remotePort);
      }
      if (raised != PortTable.Raised.LOOK_AGAIN) {
        return;
      }
    }
  }

  private void ring(Route route, int remotePort) throws XenException {
    if (route.doorbell.ring(route.table, remotePort)) {
      return;
    }
    // Another thread unbound the port just now and closed the doorbell. The port at the other end
    // is marked already and may live on.
    Doorbell again = process.doorbells().acquire(route.doorbell.number());
    if (again != null) {
      again.ring(route.table, remotePort);
      process.doorbells().release(again);
    }
  }

  /** Returns where a port's events go now; null if the other end is gone. */
  private synchronized Route findRoute(int port, long destination) throws XenException {
    forgetRoute(port);
    if (closed) {
      throw closedException();
    }
    PortTable table = process.portTables().of(PortTable.domainOf(destination));
    int number = table.doorbell(PortTable.portOf(destination));
    if (number == PortTable.NO_DOORBELL) {
      return null;
    }
    Doorbell peer = process.doorbells().acquire(number);
    if (peer == null) {
      return null;
    }
    routes[port] = new Route(destination, table, peer);
    return routes[port];
  }

  /** Opens what notifications need as early as possible, so that they go on without the host. */
  private void prepareRoute(int port) throws XenException {
    long destination = ports.route(port);
    if (destination != PortTable.NO_ROUTE) {
      findRoute(port, destination);
    }
  }

  private synchronized void forgetRoute(int port) {
    Route route = routes[port];
    if (route != null) {
      routes[port] = null;
      process.doorbells().release(route.doorbell);
    }
  }

  @Override
  public int poll(int[] polled) throws XenException {
    if (closed) {
      throw closedException();
    }
    int wanted = Math.min(polled.length, MAX_PORTS_PER_POLL);
    if (wanted == 0) {
      return 0;
    }
    if (pollView.byteSize() != (long) wanted * Integer.BYTES) {
      pollView = pollBuffer.asSlice(0, (long) wanted * Integer.BYTES);
    }
    int size;
    try {
      size = Posix.tryRead(doorbell.fileDescriptor(), pollView);
    } catch (PosixException e) {
      throw new XenException("cannot read event channels: " + e.getMessage(), e);
    }
    if (ports.overflows() != overflowsSeen) {
      ringWhatOverflowed();
    }
    int count = Math.max(size, 0) / Integer.BYTES;
    MemorySegment.copy(pollView, JAVA_INT, 0, polled, 0, count);
    return count;
  }

  /** Puts the ports into the doorbell that it had no room for. */
  private void ringWhatOverflowed() throws XenException {
    overflowsSeen = ports.overflows();
    for (int port = 1; port <= ports.maxPort(); port++) {
      if (isBound(port) && ports.takeUnrung(port)) {
        doorbell.ring(ports, port);
      }
    }
  }

  @Override
  public void unmask(int[] unmasked, int count) throws XenException {
    if (closed) {
      throw closedException();
    }
    for (int i = 0; i < count; i++) {
      int port = unmasked[i];
      if (!isBound(port)) {
        continue;
      }
      if (routes[port] == null) {
        prepareRoute(port);
      }
      if (ports.unmask(port)) {
        doorbell.ring(ports, port);
      }
    }
  }

  private boolean isBound(int port) {
    return ports.hasPort(port) && bound.get(port) != 0 && ports.doorbell(port) == doorbell.number();
  }

  private XenException closedException() {
    return new XenException("the event channels of domain " + process.domainId() + " are closed");
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      for (int port = 0; port < routes.length; port++) {
        forgetRoute(port);
      }
    }
    process.closeChannels(doorbell.number());
    doorbell.close();
    process.closed(this);
  }

  /** Where a port's events go: the peer's table, and the doorbell that its port has there. */
  private static final class Route {
    final long destination;
    final PortTable table;
    final Doorbell doorbell;

    Route(long destination, PortTable table, Doorbell doorbell) {
      this.destination = destination;
      this.table = table;
      this.doorbell = doorbell;
    }
  }
}
