package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A producer that goes to sleep at a full ring is rung for, or sees the space before it sleeps. */
@JCStressTest
@Outcome(
    id = "true, false",
    expect = Expect.ACCEPTABLE,
    desc = "rung: the bell was armed before there was space")
@Outcome(
    id = "false, true",
    expect = Expect.ACCEPTABLE,
    desc = "seen: there was space before the bell was armed")
@Outcome(
    id = "true, true",
    expect = Expect.ACCEPTABLE,
    desc = "both: one ring too many, which harms nobody")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "asleep beside space")
@State
public class SpaceBellIsNotLost extends Ring {

  /** A full ring, of which the consumer knows. */
  public SpaceBellIsNotLost() {
    write(SIZE, (byte) 1);
    producer.publish();
    available();
  }

  /** Reads. */
  @Actor
  public void consumer(ZZ_Result result) {
    consumer.skip(SIZE);
    consumer.release();
    result.r1 = consumer.takeSpaceBell();
  }

  /** Goes to sleep. */
  @Actor
  public void producer(ZZ_Result result) {
    producer.armSpaceBell();
    result.r2 = free() > 0;
  }
}
