package io.xenshm.sim;

import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.util.ArrayList;
import java.util.Map;

/**
 * The rules of event channels, as evtchn and the hypervisor have them. Sending and receiving of
 * events are not here: the processes do that through {@link PortTable} and {@link Doorbell}.
 */
final class Ports {
  private final Hypervisor hypervisor;
  private final HostFiles files;
  private int nextDoorbell;

  Ports(Hypervisor hypervisor, HostFiles files, int firstDoorbell) {
    this.hypervisor = hypervisor;
    this.files = files;
    this.nextDoorbell = firstDoorbell;
  }

  /** Opens an {@code EventChannels}; the doorbell's number is its name from here on. */
  int openChannels(GuestProcess process) throws XenException {
    int doorbell = nextDoorbell++;
    files.makeDoorbell(doorbell);
    process.openChannels(doorbell);
    return doorbell;
  }

  void closeChannels(GuestProcess process, int doorbell) {
    Map<Integer, Port> ports = process.channels.remove(doorbell);
    if (ports == null) {
      return;
    }
    for (Port port : new ArrayList<>(ports.values())) {
      close(port);
    }
    files.removeDoorbell(doorbell);
  }

  int bindUnbound(GuestProcess process, int doorbell, int remoteDomainId) throws XenException {
    // Xen does not ask whether there is such a domain.
    Hypervisor.checkNumber(remoteDomainId);
    return open(process, doorbell, remoteDomainId).number;
  }

  int bindInterdomain(GuestProcess process, int doorbell, int remoteDomainId, int remotePort)
      throws XenException {
    Domain remoteDomain = hypervisor.domain(remoteDomainId);
    Port remote = remoteDomain.port(remotePort);
    if (remote == null || !remote.isUnboundFor(process.domain)) {
      throw new XenException(
          "port "
              + Integer.toUnsignedString(remotePort)
              + " of domain "
              + remoteDomainId
              + " is not unbound for domain "
              + process.domain.id);
    }
    Port local = open(process, doorbell, remoteDomainId);
    local.remote = remote;
    remote.remote = local;
    files.connectPort(local.domain.id, local.number, remoteDomain.id, remote.number);
    files.connectPort(remoteDomain.id, remote.number, local.domain.id, local.number);
    files.raise(local.domain.id, local.number);
    return local.number;
  }

  void unbind(GuestProcess process, int doorbell, int number) throws XenException {
    Port port = port(process, doorbell, number);
    process.channels.get(doorbell).remove(number);
    close(port);
  }

  /** Returns a port that is bound in a process's channels. */
  Port port(GuestProcess process, int doorbell, int number) throws XenException {
    Port port = channels(process, doorbell).get(number);
    if (port == null) {
      throw new XenException(
          "port "
              + Integer.toUnsignedString(number)
              + " of domain "
              + process.domain.id
              + " is not bound in these event channels");
    }
    return port;
  }

  private Port open(GuestProcess process, int doorbell, int remoteDomainId) throws XenException {
    Domain domain = process.domain;
    Map<Integer, Port> ports = channels(process, doorbell);
    int number = domain.freePort();
    if (number == 0) {
      throw new XenLimitException(
          "domain "
              + domain.id
              + " has no port left: all "
              + domain.maxPorts()
              + " of its limit are in use; raise it with: xenshm sim DIR --ports N");
    }
    Port port = new Port(domain, number, doorbell, remoteDomainId);
    domain.add(port);
    ports.put(number, port);
    files.openPort(domain.id, number, doorbell);
    return port;
  }

  /** Closes a port in silence: the other end is unbound again, for the same domain. */
  private void close(Port port) {
    port.open = false;
    port.domain.remove(port);
    files.closePort(port.domain.id, port.number);
    Port remote = port.remote;
    if (remote != null) {
      port.remote = null;
      remote.remote = null;
      files.disconnectPort(remote.domain.id, remote.number);
    }
  }

  private static Map<Integer, Port> channels(GuestProcess process, int doorbell)
      throws XenException {
    Map<Integer, Port> ports = process.channels.get(doorbell);
    if (ports == null) {
      throw new XenException("these event channels of domain " + process.domain.id + " are closed");
    }
    return ports;
  }
}
