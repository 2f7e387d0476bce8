package io.xenshm.xen.contract;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;

/** What {@link io.xenshm.xen.GrantTable} and {@link SharedPages} promise about memory. */
final class GrantScenarios {
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final int DOMAIN_0 = 0;
  private static final int NO_REFERENCE = 0x7FFF_FFF0;
  private static final int ROUNDS = 20_000;

  private GrantScenarios() {}

  static List<ContractScenario> all() {
    return List.of(
        ContractScenario.alone("granted pages are zeroed", GrantScenarios::zeroed),
        ContractScenario.of(
            "what one side writes the other reads",
            GrantScenarios::grantAndAnswer,
            GrantScenarios::mapAndAsk),
        ContractScenario.of(
            "pages are mapped in the order of their references",
            GrantScenarios::grantTwice,
            GrantScenarios::mapShuffled),
        ContractScenario.of(
            "256 pages are one piece of memory",
            GrantScenarios::grantNumbered,
            GrantScenarios::mapNumbered),
        ContractScenario.of(
            "a page can be mapped more than once",
            GrantScenarios::grantOne,
            GrantScenarios::mapOneTwice),
        ContractScenario.of(
            "compare-and-set works between the mappings",
            side -> countUp(side, true),
            side -> countUp(side, false)),
        ContractScenario.alone(
            "a reference that is none is refused",
            side ->
                Check.refused(
                    "an invalid reference",
                    () -> side.xen().grants().map(side.peerDomain(), NO_REFERENCE).close())),
        ContractScenario.of(
            "pages granted to another domain are refused",
            side -> grantTo(side, DOMAIN_0),
            GrantScenarios::mapRefused),
        ContractScenario.of(
            "pages whose grant ended are refused",
            GrantScenarios::grantAndClose,
            side -> refusedReference(side)),
        ContractScenario.of(
            "one bad reference among good ones is refused",
            GrantScenarios::grantOne,
            GrantScenarios::mapGoodAndBad),
        ContractScenario.alone("closed memory is not accessible", GrantScenarios::closed));
  }

  private static void zeroed(Side side) throws Exception {
    for (int round = 0; round < 3; round++) {
      try (SharedPages pages = side.xen().grants().grant(side.peerDomain(), 4)) {
        MemorySegment memory = pages.memory();
        Check.equal(4L * Xen.PAGE_SIZE, memory.byteSize(), "size");
        for (long i = 0; i < memory.byteSize(); i++) {
          Check.equal((byte) 0, memory.get(JAVA_BYTE, i), "byte " + i + " in round " + round);
        }
        memory.fill((byte) 0x5A);
      }
    }
  }

  private static void grantAndAnswer(Side side) throws Exception {
    try (SharedPages pages = side.xen().grants().grant(side.peerDomain(), 3)) {
      Check.equal(side.peerDomain(), pages.peerDomainId(), "peer of the granter");
      Check.equal(3, pages.references().length, "number of references");
      pages.references()[0] = NO_REFERENCE;
      Check.that(pages.references()[0] != NO_REFERENCE, "references() returns a copy");
      pages.memory().fill((byte) 7);
      side.send("references", pages.references());
      side.receive("written");
      MemorySegment memory = pages.memory();
      Check.equal((byte) 9, memory.get(JAVA_BYTE, 0), "first byte");
      Check.equal((byte) 9, memory.get(JAVA_BYTE, memory.byteSize() - 1), "last byte");
      Check.equal((byte) 7, memory.get(JAVA_BYTE, 1), "byte that the peer left alone");
    }
  }

  private static void mapAndAsk(Side side) throws Exception {
    int[] references = side.receiveInts("references");
    try (SharedPages pages = side.xen().grants().map(side.peerDomain(), references)) {
      Check.equal(side.peerDomain(), pages.peerDomainId(), "peer of the mapper");
      MemorySegment memory = pages.memory();
      Check.equal(3L * Xen.PAGE_SIZE, memory.byteSize(), "size");
      for (long i = 0; i < memory.byteSize(); i++) {
        Check.equal((byte) 7, memory.get(JAVA_BYTE, i), "byte " + i);
      }
      memory.set(JAVA_BYTE, 0, (byte) 9);
      memory.set(JAVA_BYTE, memory.byteSize() - 1, (byte) 9);
      side.send("written", "all");
    }
  }

  private static void grantTwice(Side side) throws Exception {
    try (SharedPages a = numbered(side, 3, 10);
        SharedPages b = numbered(side, 2, 20)) {
      side.send("a", a.references());
      side.send("b", b.references());
      side.receive("checked");
    }
  }

  private static void mapShuffled(Side side) throws Exception {
    int[] a = side.receiveInts("a");
    int[] b = side.receiveInts("b");
    int[] order = {a[2], b[0], b[1], a[0], a[1]};
    try (SharedPages pages = side.xen().grants().map(side.peerDomain(), order)) {
      int[] expected = {12, 20, 21, 10, 11};
      for (int i = 0; i < expected.length; i++) {
        Check.equal(expected[i], number(pages, i), "page " + i);
      }
    }
    side.send("checked", "all");
  }

  private static void grantNumbered(Side side) throws Exception {
    try (SharedPages pages = numbered(side, 256, 1000)) {
      int[] references = pages.references();
      for (int i = 0; i < 4; i++) {
        side.send("references" + i, java.util.Arrays.copyOfRange(references, 64 * i, 64 * i + 64));
      }
      side.receive("checked");
    }
  }

  private static void mapNumbered(Side side) throws Exception {
    int[] references = new int[256];
    for (int i = 0; i < 4; i++) {
      System.arraycopy(side.receiveInts("references" + i), 0, references, 64 * i, 64);
    }
    try (SharedPages pages = side.xen().grants().map(side.peerDomain(), references)) {
      for (int i = 0; i < references.length; i++) {
        Check.equal(1000 + i, number(pages, i), "page " + i);
      }
    }
    side.send("checked", "all");
  }

  private static void grantOne(Side side) throws Exception {
    try (SharedPages pages = numbered(side, 1, 77)) {
      side.send("references", pages.references());
      side.receive("done");
    }
  }

  private static void mapOneTwice(Side side) throws Exception {
    int reference = side.receiveInt("references");
    try (SharedPages one = side.xen().grants().map(side.peerDomain(), reference)) {
      try (SharedPages two = side.xen().grants().map(side.peerDomain(), reference, reference)) {
        two.memory().set(JAVA_INT, 0, 78);
        Check.equal(78, number(one, 0), "the page in the other mapping");
        Check.equal(78, number(two, 1), "the page, mapped twice by one request");
      }
      Check.equal(78, number(one, 0), "the page after the other mapping ended");
    }
    side.send("done", "all");
  }

  private static void countUp(Side side, boolean granter) throws Exception {
    SharedPages pages;
    if (granter) {
      pages = side.xen().grants().grant(side.peerDomain(), 1);
      side.send("references", pages.references());
    } else {
      pages = side.xen().grants().map(side.peerDomain(), side.receiveInts("references"));
    }
    try (pages) {
      side.meet("mapped");
      for (int i = 0; i < ROUNDS; i++) {
        int seen = (int) INT.getVolatile(pages.memory(), 64L);
        while (!INT.compareAndSet(pages.memory(), 64L, seen, seen + 1)) {
          seen = (int) INT.getVolatile(pages.memory(), 64L);
        }
      }
      side.meet("counted");
      Check.equal(2 * ROUNDS, (int) INT.getVolatile(pages.memory(), 64L), "the sum");
      side.meet("read");
    }
  }

  private static void grantTo(Side side, int domain) throws Exception {
    try (SharedPages pages = side.xen().grants().grant(domain, 1)) {
      side.send("references", pages.references());
      side.receive("done");
    }
  }

  private static void mapRefused(Side side) throws Exception {
    refusedReference(side);
    side.send("done", "all");
  }

  private static void refusedReference(Side side) throws Exception {
    int reference = side.receiveInt("references");
    Check.refused(
        "reference " + reference,
        () -> side.xen().grants().map(side.peerDomain(), reference).close());
  }

  private static void grantAndClose(Side side) throws Exception {
    SharedPages pages = side.xen().grants().grant(side.peerDomain(), 1);
    int[] references = pages.references();
    pages.close();
    side.send("references", references);
  }

  private static void mapGoodAndBad(Side side) throws Exception {
    int good = side.receiveInt("references");
    Check.refused(
        "a good and a bad reference",
        () -> side.xen().grants().map(side.peerDomain(), good, NO_REFERENCE).close());
    Check.refused(
        "a bad and a good reference",
        () -> side.xen().grants().map(side.peerDomain(), NO_REFERENCE, good).close());
    try (SharedPages pages = side.xen().grants().map(side.peerDomain(), good)) {
      Check.equal(77, number(pages, 0), "the good page alone");
    }
    side.send("done", "all");
  }

  private static void closed(Side side) throws Exception {
    SharedPages pages = side.xen().grants().grant(side.peerDomain(), 1);
    pages.close();
    pages.close();
    try {
      byte value = pages.memory().get(JAVA_BYTE, 0);
      throw new AssertionError("closed memory reads as " + value);
    } catch (IllegalStateException e) {
      Check.that(!pages.memory().scope().isAlive(), "the memory's scope has ended");
    }
  }

  /** Grants pages, each of which begins with its number. */
  private static SharedPages numbered(Side side, int pages, int first) throws Exception {
    SharedPages granted = side.xen().grants().grant(side.peerDomain(), pages);
    for (int i = 0; i < pages; i++) {
      granted.memory().set(JAVA_INT, (long) i * Xen.PAGE_SIZE, first + i);
    }
    return granted;
  }

  private static int number(SharedPages pages, int page) {
    return pages.memory().get(JAVA_INT, (long) page * Xen.PAGE_SIZE);
  }
}
