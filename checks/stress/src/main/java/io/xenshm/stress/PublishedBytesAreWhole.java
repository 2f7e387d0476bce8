package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Whoever sees the producer index sees the bytes before it. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "looked before they were published")
@Outcome(
    id = "0, 1",
    expect = Expect.ACCEPTABLE,
    desc = "published between the first look and the second one, which reading takes")
@Outcome(id = "8, 1", expect = Expect.ACCEPTABLE, desc = "the index, and the bytes")
@Outcome(id = "8, 0", expect = Expect.FORBIDDEN, desc = "the index without the bytes")
@State
public class PublishedBytesAreWhole extends Ring {

  /** Sends. */
  @Actor
  public void producer() {
    write(8, (byte) 1);
    producer.publish();
  }

  /** Receives. */
  @Actor
  public void consumer(II_Result result) {
    result.r1 = available();
    result.r2 = read();
  }
}
