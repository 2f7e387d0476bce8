package io.xenshm.directory;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.fuzz.ScriptedStore;
import io.xenshm.xen.XenStoreException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The directory over a XenStore of which guests wrote some of the nodes. */
public final class DirectoryFuzz {
  private static final ScriptedStore STORE = new ScriptedStore();
  private static final InetAddress PEER = IpAddresses.parse("10.0.0.5");
  private static final List<String> VALUES =
      List.of(
          "1 2 - 00:16:3e:00:00:05 web",
          "1 3 01234567-89ab-cdef-0123-456789abcdef - db",
          "/vm/01234567-89ab-cdef-0123-456789abcdef",
          "/local/domain/0/backend/vif/2/0",
          "/local/domain/3/backend/vif/2/0",
          "xenbr0",
          "00:16:3E:00:00:05",
          "10.0.0.5/24, fd00::5",
          "locked",
          "7");
  private static final List<String> NAMES =
      List.of("0", "1", "2", "10-0-0-5", "fd00_0_0_0_0_0_0_5", "mac-00163e000005", "xenbr0", "b@2");

  static {
    Fuzzing.quiet();
  }

  private DirectoryFuzz() {}

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    STORE.begin(input, VALUES, NAMES);
    if (input.below(2) == 0) {
      lookups(input);
    } else {
      onlyStoreFails(PeerTable.read(STORE, 1));
    }
  }

  private static void lookups(FuzzInput input) {
    try (StorePeerDirectory directory =
        new StorePeerDirectory(STORE, 1, new ExplicitPeers("10.0.0.9=4"), null)) {
      directory.start();
      for (int i = 0; i < 4 && !input.isEmpty(); i++) {
        CompletableFuture<PeerLookup> lookup = directory.lookup(PEER).toCompletableFuture();
        check(lookup.isDone() && !lookup.isCompletedExceptionally(), "a lookup has an answer");
        directory.addressOf(input.below(4));
        STORE.fireWatches();
      }
    }
  }

  private static <T> void onlyStoreFails(CompletableFuture<T> reading) {
    check(reading.isDone(), "what XenStore answered at once is complete");
    try {
      reading.join();
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof XenStoreException)) {
        throw e;
      }
    }
  }
}
