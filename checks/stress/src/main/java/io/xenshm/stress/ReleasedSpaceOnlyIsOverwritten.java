package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** What the consumer has not released yet stays as it is. */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "no space was seen, nothing was written")
@Outcome(
    id = "4096, 1",
    expect = Expect.ACCEPTABLE,
    desc = "space was seen, and the byte had been read before")
@Outcome(id = "0, 2", expect = Expect.FORBIDDEN, desc = "overwritten without space")
@Outcome(id = "4096, 2", expect = Expect.FORBIDDEN, desc = "overwritten before it was read")
@State
public class ReleasedSpaceOnlyIsOverwritten extends Ring {

  /** A full ring, of which the consumer knows. */
  public ReleasedSpaceOnlyIsOverwritten() {
    write(SIZE, (byte) 1);
    producer.publish();
    available();
  }

  /** Reads. */
  @Actor
  public void consumer(II_Result result) {
    result.r2 = read();
    consumer.skip(SIZE - 1);
    consumer.release();
  }

  /** Writes where it can. */
  @Actor
  public void producer(II_Result result) {
    result.r1 = free();
    write(SIZE, (byte) 2);
  }
}
