package io.xenshm.xen;

/**
 * Where a guest was suspended and resumed, the kernel took the memory away that other domains had
 * granted to it. An access to it is an {@link InternalError}. Compiled code goes on behind such an
 * access with whatever it read, and throws the error at the next turn of a loop of which it cannot
 * know the number of turns, which may be in somebody else's code.
 */
public final class MemoryFaults {
  /** Volatile, so that the compiler cannot know it. */
  private static volatile int turns = 2;

  private MemoryFaults() {}

  /**
   * Does nothing where all accesses of this thread succeeded. A few nanoseconds.
   *
   * @throws InternalError if one did not, and this was not told yet
   */
  @SuppressWarnings("EmptyBlock") // its turns are what is wanted
  public static void tell() {
    for (int turn = 0; turn < turns; turn++) {}
  }
}
