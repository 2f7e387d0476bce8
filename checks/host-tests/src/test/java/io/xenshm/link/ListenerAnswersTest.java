package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ListenerAnswersTest {
  private static final int PEER = 1;
  private static final int OTHER = 2;
  private static final List<String> BOTH = List.of("dead", "live");

  private final ListenerAnswers answers = new ListenerAnswers();

  @Test
  void theOneThatAcceptedLastIsTaken() {
    answers.accepted(PEER, "dead");
    answers.accepted(PEER, "live");

    assertEquals("live", answers.best(PEER, BOTH));
  }

  @Test
  void theOneThatIsNotKnownIsTakenBeforeOneThatWasSilent() {
    answers.silent(PEER, "dead");

    assertEquals("live", answers.best(PEER, BOTH));
  }

  @Test
  void theOneWhoseSilenceIsTheLongestAgoIsTakenOfThoseThatWereSilent() {
    answers.silent(PEER, "live");
    answers.silent(PEER, "dead");

    assertEquals("live", answers.best(PEER, BOTH));
  }

  @Test
  void anotherDomainsProcessOfTheSameNameChangesNothing() {
    answers.silent(PEER, "dead");
    answers.accepted(OTHER, "dead");
    answers.silent(OTHER, "live");

    assertEquals("live", answers.best(PEER, BOTH));
  }

  @Test
  void anotherDomainsManyNamesMakeNothingForgotten() {
    answers.silent(PEER, "dead");
    for (int i = 0; i < 10_000; i++) {
      answers.silent(OTHER, "process " + i);
    }

    assertEquals("live", answers.best(PEER, BOTH));
  }
}
