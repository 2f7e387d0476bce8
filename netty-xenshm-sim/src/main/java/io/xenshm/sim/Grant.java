package io.xenshm.sim;

/** One entry of a grant table: a page that its owner lets one other domain map. */
final class Grant {
  final Allocation allocation;

  /** Which page of the allocation. */
  final int index;

  final int reference;

  /** How many mappings hold the page. */
  int mappings;

  Grant(Allocation allocation, int index, int reference) {
    this.allocation = allocation;
    this.index = index;
    this.reference = reference;
  }
}
