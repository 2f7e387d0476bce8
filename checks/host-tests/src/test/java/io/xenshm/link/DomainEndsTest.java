package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DomainEndsTest {
  private static final int DOMAIN = 7;

  private final AtomicInteger questions = new AtomicInteger();
  private final CompletableFuture<Integer> gone = new CompletableFuture<>();

  @Test
  void aDomainThatXenStoreStillKnowsIsAskedForAgain() throws Exception {
    DomainEnds ends =
        new DomainEnds(
            domain -> CompletableFuture.completedFuture(questions.incrementAndGet() == 3),
            gone::complete);

    ends.seemsGone(DOMAIN);

    assertEquals(DOMAIN, gone.get(20, TimeUnit.SECONDS));
    assertEquals(3, questions.get());
  }

  @Test
  void aDomainIsAskedForOnceAtATime() throws Exception {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    DomainEnds ends =
        new DomainEnds(
            domain -> {
              questions.incrementAndGet();
              return answer;
            },
            gone::complete);
    ends.seemsGone(DOMAIN);
    ends.seemsGone(DOMAIN);
    assertEquals(1, questions.get());

    answer.complete(true);
    assertTrue(gone.isDone());

    ends.seemsGone(DOMAIN);
    assertEquals(2, questions.get());
  }
}
