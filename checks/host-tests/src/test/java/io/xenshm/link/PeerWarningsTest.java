package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.embedded.EmbeddedChannel;
import io.xenshm.testing.CapturedLog;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerWarningsTest {
  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final PeerWarnings warnings = new PeerWarnings(clock.eventLoop());
  private CapturedLog log;

  @BeforeEach
  void start() {
    clock.freezeTime();
    log = new CapturedLog(PeerWarnings.class);
  }

  @AfterEach
  void stop() {
    log.close();
    clock.finish();
  }

  private void intervalPasses() {
    clock.advanceTimeBy(PeerWarnings.INTERVAL_SECONDS, TimeUnit.SECONDS);
    clock.runScheduledPendingTasks();
  }

  @Test
  void aPeerAndACauseAreToldOnceAndThenWithTheirNumberSince() {
    for (int i = 1; i <= 4; i++) {
      warnings.warn(2, "pages", "no pages " + i);
    }
    assertEquals(List.of("no pages 1"), log.lines());

    intervalPasses();
    assertEquals(List.of("no pages 1", "no pages 4 (3 times more in 60 s)"), log.lines());

    warnings.warn(2, "pages", "no pages 5");
    assertEquals(2, log.lines().size(), "it goes on, and was told just now");
    intervalPasses();
    assertEquals("no pages 5 (1 times more in 60 s)", log.lines().get(2));
  }

  @Test
  void whatEndedAndBeginsAgainIsToldAtOnce() {
    warnings.warn(2, "pages", "first");
    intervalPasses();
    warnings.warn(2, "pages", "second");

    assertEquals(List.of("first", "second"), log.lines());
  }

  @Test
  void peersAndCausesAreToldApart() {
    warnings.warn(2, "pages", "a");
    warnings.warn(3, "pages", "b");
    warnings.warn(2, "ports", "c");

    assertEquals(List.of("a", "b", "c"), log.lines());
  }

  @Test
  void moreThanAThousandAtATimeAreNotTold() {
    for (int i = 0; i < 2000; i++) {
      warnings.warn(i, "pages", "no pages");
    }
    assertEquals(1024, log.lines().size());

    intervalPasses();
    warnings.warn(1999, "pages", "again");
    assertEquals("again", log.lines().getLast());
  }
}
