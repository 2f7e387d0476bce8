package io.xenshm.sim;

/** Pages of another domain's that a process has mapped by one operation. */
final class Mapping extends Holding {
  Mapping(long handle, GuestProcess process, int pages) {
    super(handle, process, pages);
  }
}
