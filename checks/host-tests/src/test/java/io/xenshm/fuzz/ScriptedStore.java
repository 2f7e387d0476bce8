package io.xenshm.fuzz;

import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.XenStoreOperations;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A XenStore whose every answer comes from the input, at once. What this domain wrote itself is not
 * kept: other guests may have changed it.
 */
public final class ScriptedStore implements XenStore {
  private static final int MAX_CHILDREN = 6;

  /** Answers after which all nodes are missing, or a tree without an end would be read. */
  private static final int MAX_ANSWERS = 200;

  private final Map<WatchListener, String> watches = new HashMap<>();
  private FuzzInput input = new FuzzInput(new byte[0]);
  private List<String> values = List.of("");
  private List<String> names = List.of("");
  private int answers;

  /**
   * Begins a run.
   *
   * @param input decides on the answers
   * @param values values of nodes that are well-formed, to choose from
   * @param names names of nodes that are well-formed, to choose from
   */
  public void begin(FuzzInput input, List<String> values, List<String> names) {
    this.input = input;
    this.values = values;
    this.names = names;
    answers = 0;
    watches.clear();
  }

  /** Tells a watch of a change of its own node, or of another one. */
  public void fireWatches() {
    new ArrayList<>(watches.entrySet())
        .forEach(
            watch ->
                watch
                    .getKey()
                    .changed(input.yes() ? watch.getValue() : watch.getValue() + input.text()));
  }

  @Override
  public CompletableFuture<byte[]> read(String path) {
    return answer(() -> text(values).getBytes(StandardCharsets.ISO_8859_1));
  }

  @Override
  public CompletableFuture<List<String>> list(String path) {
    return answer(
        () -> {
          List<String> children = new ArrayList<>();
          for (int i = input.below(MAX_CHILDREN); i > 0; i--) {
            children.add(text(names));
          }
          return children;
        });
  }

  /** Well-formed, or from the input. */
  private String text(List<String> wellFormed) {
    int choice = input.u8();
    return choice < 2 * wellFormed.size() ? wellFormed.get(choice / 2) : input.text();
  }

  @Override
  public CompletableFuture<List<Permission>> permissions(String path) {
    return answer(() -> Permission.list("n0"));
  }

  @Override
  public CompletableFuture<Void> write(String path, byte[] value) {
    return answer(() -> null);
  }

  @Override
  public CompletableFuture<Void> makeDirectory(String path) {
    return answer(() -> null);
  }

  @Override
  public CompletableFuture<Void> remove(String path) {
    return answer(() -> null);
  }

  @Override
  public CompletableFuture<Void> setPermissions(String path, List<Permission> permissions) {
    return answer(() -> null);
  }

  @Override
  public <T> CompletableFuture<T> transaction(
      Function<XenStoreOperations, CompletableFuture<T>> body) {
    return body.apply(this);
  }

  @Override
  public CompletableFuture<Watch> watch(String path, WatchListener listener) {
    CompletableFuture<Watch> watch =
        answer(
            () -> {
              watches.put(listener, path);
              return () -> {
                watches.remove(listener);
                return CompletableFuture.completedFuture(null);
              };
            });
    if (!watch.isCompletedExceptionally()) {
      listener.changed(path);
    }
    return watch;
  }

  private <T> CompletableFuture<T> answer(java.util.function.Supplier<T> value) {
    int choice = answers++ < MAX_ANSWERS ? input.u8() : 255;
    if (choice < 240) {
      return CompletableFuture.completedFuture(value.get());
    }
    Code[] codes = Code.values();
    Code code = choice == 255 ? Code.ENOENT : codes[(choice - 240) % codes.length];
    return CompletableFuture.failedFuture(new XenStoreException(code, "as the input says"));
  }

  @Override
  public CompletableFuture<String> domainPath(int domainId) {
    return CompletableFuture.completedFuture("/local/domain/" + domainId);
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public int connection() {
    return 1;
  }

  @Override
  public void close() {
    watches.clear();
  }
}
