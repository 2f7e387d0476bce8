package io.xenshm.sim;

/** A domain's end of an event channel, as the hypervisor knows it. */
final class Port {
  final Domain domain;
  final int number;

  /** The doorbell of the {@code EventChannels} that bound the port. */
  final int doorbell;

  /** The domain that may bind the port, or has bound it. */
  final int remoteDomainId;

  /** The other end; null while the port is unbound. */
  Port remote;

  boolean open = true;

  Port(Domain domain, int number, int doorbell, int remoteDomainId) {
    this.domain = domain;
    this.number = number;
    this.doorbell = doorbell;
    this.remoteDomainId = remoteDomainId;
  }

  boolean isUnboundFor(Domain other) {
    return remote == null && remoteDomainId == other.id;
  }
}
