package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Runs the two ends of a real ring step by step through every interleaving of their steps. A run is
 * stuck if nobody can step and the sleeper's work is not done: a lost wake-up. Left-out steps of
 * the protocol must show as such, or the search would prove nothing.
 */
final class DoorbellInterleavingTest {
  private static final int SIZE = RingLayout.MIN_SIZE;
  private static final int HALF = SIZE / 2;

  private final TestMemory memory = new TestMemory(SIZE);

  @AfterEach
  void freeMemory() {
    memory.close();
  }

  @Test
  void readerThatSleepsIsAlwaysWokenForDataAndForTheEnd() throws Exception {
    Outcome outcome = explore(() -> new DataScenario(true, true));
    assertEquals(List.of(), outcome.stuck);
    assertTrue(outcome.runs > 1000, () -> "only " + outcome.runs + " interleavings");
    assertTrue(outcome.sleeps > 0, "no interleaving in which the reader slept");
  }

  @Test
  void readerThatDoesNotLookAgainAfterArmingSleepsForEver() throws Exception {
    assertTrue(!explore(() -> new DataScenario(false, true)).stuck.isEmpty());
  }

  @Test
  void writerThatDoesNotRingAfterFinishLosesTheReader() throws Exception {
    assertTrue(!explore(() -> new DataScenario(true, false)).stuck.isEmpty());
  }

  @Test
  void writerThatSleepsIsAlwaysWokenForSpace() throws Exception {
    Outcome outcome = explore(() -> new SpaceScenario(true, true));
    assertEquals(List.of(), outcome.stuck);
    assertTrue(outcome.runs > 100, () -> "only " + outcome.runs + " interleavings");
    assertTrue(outcome.sleeps > 0, "no interleaving in which the writer slept");
  }

  @Test
  void writerThatDoesNotLookAgainAfterArmingSleepsForEver() throws Exception {
    assertTrue(!explore(() -> new SpaceScenario(false, true)).stuck.isEmpty());
  }

  @Test
  void readerThatDoesNotRingAfterReleaseLosesTheWriter() throws Exception {
    assertTrue(!explore(() -> new SpaceScenario(true, false)).stuck.isEmpty());
  }

  /** A waker that never blocks and a sleeper that does; the event channel is a flag. */
  private abstract static class Scenario {
    boolean rung;
    boolean slept;

    abstract boolean wakerDone();

    abstract void stepWaker() throws Exception;

    abstract boolean sleeperDone();

    abstract boolean sleeping();

    abstract void stepSleeper() throws Exception;

    final boolean canStepSleeper() {
      return !sleeperDone() && (rung || !sleeping());
    }
  }

  private interface ScenarioFactory {
    Scenario create() throws Exception;
  }

  private static final class Outcome {
    final List<String> stuck = new ArrayList<>();
    int runs;
    int sleeps;
  }

  /**
   * Depth-first over all schedules: repeats the run with the last choice that has an alternative
   * changed.
   */
  private static Outcome explore(ScenarioFactory factory) throws Exception {
    Outcome outcome = new Outcome();
    StringBuilder schedule = new StringBuilder();
    do {
      Scenario scenario = factory.create();
      StringBuilder choices = new StringBuilder();
      int depth = 0;
      while (!scenario.wakerDone() || scenario.canStepSleeper()) {
        char choice = depth < schedule.length() ? schedule.charAt(depth) : firstChoice(scenario);
        boolean both = !scenario.wakerDone() && scenario.canStepSleeper();
        choices.append(choice == 'w' && both ? 'W' : choice);
        if (choice == 'w') {
          scenario.stepWaker();
        } else {
          scenario.stepSleeper();
        }
        depth++;
      }
      outcome.runs++;
      outcome.sleeps += scenario.slept ? 1 : 0;
      if (!scenario.sleeperDone()) {
        outcome.stuck.add(choices.toString());
      }
      schedule = nextSchedule(choices);
    } while (schedule.length() > 0);
    return outcome;
  }

  private static char firstChoice(Scenario scenario) {
    return scenario.wakerDone() ? 's' : 'w';
  }

  /** Capital W: the waker stepped although the sleeper could have. */
  private static StringBuilder nextSchedule(StringBuilder choices) {
    int last = choices.lastIndexOf("W");
    if (last < 0) {
      return new StringBuilder();
    }
    String prefix = choices.substring(0, last).toLowerCase(java.util.Locale.ROOT);
    return new StringBuilder(prefix).append('s');
  }

  private enum Sleeper {
    WORK,
    ARM,
    LOOK_AGAIN,
    LOOK_AGAIN_FOR_END,
    SLEEP,
    DISARM,
    DONE
  }

  /** The producer writes twice and finishes; the consumer reads until the end. */
  private final class DataScenario extends Scenario {
    private static final int WRITES = 2;

    private final boolean looksAgain;
    private final boolean ringsAfterFinish;
    private final ByteRingProducer producer;
    private final ByteRingConsumer consumer;
    private final ByteBuf dst = Unpooled.buffer(16);
    private int wakerStep;
    private Sleeper state = Sleeper.WORK;

    DataScenario(boolean looksAgain, boolean ringsAfterFinish) {
      this.looksAgain = looksAgain;
      this.ringsAfterFinish = ringsAfterFinish;
      memory.startAt(0);
      producer = new ByteRingProducer(memory.control, memory.data);
      consumer = new ByteRingConsumer(memory.control, memory.data);
    }

    @Override
    boolean wakerDone() {
      return wakerStep == 2 * WRITES + 2;
    }

    @Override
    void stepWaker() throws Exception {
      boolean storing = wakerStep % 2 == 0;
      boolean finishing = wakerStep >= 2 * WRITES;
      if (!storing) {
        rung |= (!finishing || ringsAfterFinish) && producer.takeDataBell();
      } else if (finishing) {
        producer.finish();
      } else {
        assertEquals(4, producer.write(ByteBuffer.allocate(4)));
        assertTrue(producer.publish());
      }
      wakerStep++;
    }

    @Override
    boolean sleeperDone() {
      return state == Sleeper.DONE;
    }

    @Override
    boolean sleeping() {
      return state == Sleeper.SLEEP;
    }

    @Override
    void stepSleeper() throws Exception {
      switch (state) {
        case WORK -> state = work();
        case ARM -> {
          consumer.armDataBell();
          state = looksAgain ? Sleeper.LOOK_AGAIN : Sleeper.SLEEP;
        }
        case LOOK_AGAIN ->
            state = consumer.refresh() > 0 ? Sleeper.DISARM : Sleeper.LOOK_AGAIN_FOR_END;
        case LOOK_AGAIN_FOR_END -> state = consumer.isFinished() ? Sleeper.DISARM : Sleeper.SLEEP;
        case SLEEP -> {
          rung = false;
          slept = true;
          state = Sleeper.DISARM;
        }
        case DISARM -> {
          consumer.disarmDataBell();
          state = Sleeper.WORK;
        }
        case DONE -> throw new IllegalStateException("done");
      }
    }

    private Sleeper work() throws Exception {
      if (consumer.available() > 0) {
        dst.clear();
        assertTrue(consumer.read(dst, 16) > 0);
        consumer.release();
        return Sleeper.WORK;
      }
      return consumer.isFinished() ? finished() : endOrArm();
    }

    private Sleeper finished() {
      assertEquals(
          4 * WRITES, memory.get(RingLayout.CONSUMER_INDEX), "end seen before the last data");
      return Sleeper.DONE;
    }

    private Sleeper endOrArm() throws Exception {
      return consumer.available() > 0 ? Sleeper.WORK : Sleeper.ARM;
    }
  }

  /** The ring is full; the consumer reads it in halves, the producer writes two halves more. */
  private final class SpaceScenario extends Scenario {
    private static final int HALVES = 2;

    private final boolean looksAgain;
    private final boolean rings;
    private final ByteRingProducer producer;
    private final ByteRingConsumer consumer;
    private final ByteBuf dst = Unpooled.buffer(HALF);
    private int wakerStep;
    private int written;
    private Sleeper state = Sleeper.WORK;

    SpaceScenario(boolean looksAgain, boolean rings) throws Exception {
      this.looksAgain = looksAgain;
      this.rings = rings;
      memory.startAt(0);
      producer = new ByteRingProducer(memory.control, memory.data);
      consumer = new ByteRingConsumer(memory.control, memory.data);
      assertEquals(SIZE, producer.write(ByteBuffer.allocate(SIZE)));
      producer.publish();
    }

    @Override
    boolean wakerDone() {
      return wakerStep == 2 * HALVES;
    }

    @Override
    void stepWaker() throws Exception {
      if (wakerStep % 2 == 0) {
        dst.clear();
        assertEquals(HALF, consumer.read(dst, HALF));
        assertTrue(consumer.release());
      } else {
        rung |= rings && consumer.takeSpaceBell();
      }
      wakerStep++;
    }

    @Override
    boolean sleeperDone() {
      return state == Sleeper.DONE;
    }

    @Override
    boolean sleeping() {
      return state == Sleeper.SLEEP;
    }

    @Override
    void stepSleeper() throws Exception {
      switch (state) {
        case WORK -> state = work();
        case ARM -> {
          producer.armSpaceBell();
          state = looksAgain ? Sleeper.LOOK_AGAIN : Sleeper.SLEEP;
        }
        case LOOK_AGAIN -> state = producer.free() > 0 ? Sleeper.DISARM : Sleeper.SLEEP;
        case SLEEP -> {
          rung = false;
          slept = true;
          state = Sleeper.DISARM;
        }
        case DISARM -> {
          producer.disarmSpaceBell();
          state = Sleeper.WORK;
        }
        default -> throw new IllegalStateException(state.name());
      }
    }

    private Sleeper work() throws Exception {
      int count = producer.write(ByteBuffer.allocate(HALF));
      if (count == 0) {
        return Sleeper.ARM;
      }
      producer.publish();
      written += count;
      return written == HALVES * HALF ? Sleeper.DONE : Sleeper.WORK;
    }
  }
}
