package io.xenshm.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** A domain, with its tables of grants and ports. */
final class Domain {
  /** The kernel keeps the first entries of the grant table to itself (xen/grant_table.h). */
  private static final int FIRST_REFERENCE = 8;

  final int id;
  final Set<GuestProcess> processes = new LinkedHashSet<>();
  final Map<Integer, Grant> grants = new HashMap<>();

  /** Grants that ended while the peer had them mapped, in the order they are looked at. */
  final Deque<Grant> deferred = new ArrayDeque<>();

  int grantedPages;
  int mappedPages;

  private final Deque<Integer> freeReferences = new ArrayDeque<>();
  private int nextReference = FIRST_REFERENCE;
  private final Port[] ports;
  private int portCount;

  Domain(int id, int maxPorts) {
    this.id = id;
    this.ports = new Port[maxPorts + 1];
  }

  int takeReference() {
    Integer free = freeReferences.pollFirst();
    return free != null ? free : nextReference++;
  }

  /** Gives a reference back; it is the next to be used again. */
  void returnReference(int reference) {
    freeReferences.addFirst(reference);
  }

  int maxPorts() {
    return ports.length - 1;
  }

  int portCount() {
    return portCount;
  }

  /** Returns the lowest free port number; 0 if there is none. */
  int freePort() {
    for (int number = 1; number < ports.length; number++) {
      if (ports[number] == null) {
        return number;
      }
    }
    return 0;
  }

  void add(Port port) {
    ports[port.number] = port;
    portCount++;
  }

  void remove(Port port) {
    ports[port.number] = null;
    portCount--;
  }

  /** Returns the port with a number; null if there is none. */
  Port port(int number) {
    return number > 0 && number < ports.length ? ports[number] : null;
  }
}
