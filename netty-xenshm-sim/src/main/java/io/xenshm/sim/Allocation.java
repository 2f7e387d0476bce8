package io.xenshm.sim;

/** Pages that were granted by one operation. Their handle names the file that holds them. */
final class Allocation extends Holding {
  final Domain owner;
  final int peerDomainId;

  /** Pages whose grant is in the table still. */
  int livePages;

  Allocation(long handle, GuestProcess process, int peerDomainId, int pages) {
    super(handle, process, pages);
    this.owner = process.domain;
    this.peerDomainId = peerDomainId;
    this.livePages = pages;
  }
}
