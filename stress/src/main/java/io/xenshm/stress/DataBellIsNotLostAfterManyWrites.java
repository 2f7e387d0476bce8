package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A producer that publishes several times looks at the bell behind a fence only at the end: a
 * consumer that goes to sleep meanwhile is rung for, or sees all the data before it sleeps.
 */
@JCStressTest
@Outcome(
    id = "true, false",
    expect = Expect.ACCEPTABLE,
    desc = "rung: the bell was armed before the last data came")
@Outcome(
    id = "false, true",
    expect = Expect.ACCEPTABLE,
    desc = "seen: all data came before the bell was armed")
@Outcome(
    id = "true, true",
    expect = Expect.ACCEPTABLE,
    desc = "both: one ring too many, which harms nobody")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "asleep beside data")
@State
public class DataBellIsNotLostAfterManyWrites extends Ring {
  private static final int WRITES = 3;

  /** Sends. */
  @Actor
  public void producer(ZZ_Result result) {
    boolean rings = false;
    for (int i = 0; i < WRITES; i++) {
      write(1, (byte) 1);
      producer.publish();
      rings = producer.takeDataBellIfSeen() || rings;
    }
    result.r1 = producer.takeDataBell() || rings;
  }

  /** Goes to sleep. */
  @Actor
  public void consumer(ZZ_Result result) {
    consumer.armDataBell();
    result.r2 = available() == WRITES;
  }
}
