package io.xenshm.sim;

import io.xenshm.xen.XenException;

/**
 * What the hypervisor's state looks like to the processes: their port tables, doorbells and pages.
 * All of it is in files, so that processes use it without the host.
 */
interface HostFiles {

  /** Makes a domain's port table with all ports free, or empties the one that is there. */
  void resetPorts(int domainId) throws XenException;

  /** Makes a doorbell. */
  void makeDoorbell(int doorbell) throws XenException;

  /** Removes a doorbell. */
  void removeDoorbell(int doorbell);

  /** Shows a port as bound to a doorbell, without a peer, neither pending nor masked. */
  void openPort(int domainId, int port, int doorbell);

  /** Shows where a port's notifications go. */
  void connectPort(int domainId, int port, int remoteDomainId, int remotePort);

  /** Shows that a port's notifications go nowhere. */
  void disconnectPort(int domainId, int port);

  /** Shows a port as free. */
  void closePort(int domainId, int port);

  /** Raises an event on a port. */
  void raise(int domainId, int port);

  /**
   * Raises an event on a port in the name of a process that died. It may have died between marking
   * the port and ringing, so this delivers whatever the port's flags say.
   */
  void raiseForDead(int domainId, int port);

  /** Makes pages, zeroed. */
  void makePages(long handle, int count) throws XenException;

  /** Sets one byte of the pages to zero. */
  void clearByte(long handle, long offset);

  /** Frees the pages' memory as soon as nobody maps it. */
  void removePages(long handle);
}
