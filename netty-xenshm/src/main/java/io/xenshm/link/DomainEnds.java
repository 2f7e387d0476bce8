package io.xenshm.link;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * Makes sure that a domain that seems to be gone is gone, since it may only have removed its nodes.
 * XenStore may know a domain for a while after its end: until the last of its pages is unmapped. So
 * it is asked again and again, less and less often.
 *
 * <p>All methods may be called from any thread.
 */
final class DomainEnds {
  /** The pauses double: it is asked for about half a minute. */
  private static final int QUESTIONS = 8;

  private static final long FIRST_PAUSE_MILLIS = 250;

  private final IntFunction<CompletableFuture<Boolean>> isGone;
  private final IntConsumer onGone;
  private final Set<Integer> asked = ConcurrentHashMap.newKeySet();

  /**
   * Creates it.
   *
   * @param isGone asks XenStore; does not fail
   * @param onGone is told, on any thread, of each domain that is gone
   */
  DomainEnds(IntFunction<CompletableFuture<Boolean>> isGone, IntConsumer onGone) {
    this.isGone = isGone;
    this.onGone = onGone;
  }

  /** Asks whether a domain is gone, unless that is being asked already. */
  void seemsGone(int domain) {
    if (asked.add(domain)) {
      ask(domain, 1);
    }
  }

  private void ask(int domain, int question) {
    isGone
        .apply(domain)
        .thenAccept(
            gone -> {
              if (gone) {
                onGone.accept(domain);
              }
              if (gone || question == QUESTIONS) {
                asked.remove(domain);
              } else {
                long pause = FIRST_PAUSE_MILLIS << (question - 1);
                CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS)
                    .execute(() -> ask(domain, question + 1));
              }
            });
  }
}
