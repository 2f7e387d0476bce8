package io.xenshm.agent;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.fuzz.ScriptedStore;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The agent's reader over a XenStore of which guests wrote some of the nodes, and its policy. */
public final class AgentFuzz {
  private static final ScriptedStore STORE = new ScriptedStore();
  private static final Path FILE = file();
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

  private AgentFuzz() {}

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    if (input.below(2) == 0) {
      policy(input.rest());
    } else {
      STORE.begin(input, VALUES, NAMES);
      onlyStoreFails(new HostReader(STORE, Set.of("web")).read());
    }
  }

  private static void policy(byte[] file) {
    try {
      Files.write(FILE, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      AgentPolicy policy = AgentPolicy.read(FILE);
      policy.maySee(guest("a"), guest("b"));
    } catch (IOException e) {
      check(e.getMessage() != null, "the message says something");
    }
  }

  private static Guest guest(String name) {
    return new Guest(2, "", name, List.of());
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

  private static Path file() {
    try {
      Path file = Files.createTempFile("xenshm-fuzz", "");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
