package io.xenshm.sim;

/** Pages that a process has in its address space: granted by it, or mapped by it. */
abstract sealed class Holding permits Allocation, Mapping {
  final long handle;
  final GuestProcess process;
  final Grant[] grants;

  private UnmapNotice notice;

  Holding(long handle, GuestProcess process, int pages) {
    this.handle = handle;
    this.process = process;
    this.grants = new Grant[pages];
  }

  void notifyOnUnmap(long offset, Port port) {
    notice = new UnmapNotice(offset, port);
  }

  UnmapNotice notice() {
    return notice;
  }

  /** What the peer is to see when the pages leave the address space. */
  record UnmapNotice(long offset, Port port) {}
}
