package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A consumer that goes to sleep is rung for, or sees the data before it sleeps. */
@JCStressTest
@Outcome(
    id = "true, false",
    expect = Expect.ACCEPTABLE,
    desc = "rung: the bell was armed before the data came")
@Outcome(
    id = "false, true",
    expect = Expect.ACCEPTABLE,
    desc = "seen: the data came before the bell was armed")
@Outcome(
    id = "true, true",
    expect = Expect.ACCEPTABLE,
    desc = "both: one ring too many, which harms nobody")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "asleep beside data")
@State
public class DataBellIsNotLost extends Ring {

  /** Sends. */
  @Actor
  public void producer(ZZ_Result result) {
    write(1, (byte) 1);
    producer.publish();
    result.r1 = producer.takeDataBell();
  }

  /** Goes to sleep. */
  @Actor
  public void consumer(ZZ_Result result) {
    consumer.armDataBell();
    result.r2 = available() > 0;
  }
}
