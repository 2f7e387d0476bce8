package io.xenshm.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** Nobody sees the end of a stream before its last byte. */
@JCStressTest
@Outcome(id = "false, 0", expect = Expect.ACCEPTABLE, desc = "looked before it was published")
@Outcome(id = "false, 1", expect = Expect.ACCEPTABLE, desc = "a byte is there to be read")
@Outcome(id = "true, 0", expect = Expect.FORBIDDEN, desc = "the end, and a byte is lost")
@Outcome(id = "true, 1", expect = Expect.FORBIDDEN, desc = "the end, and a byte is lost")
@State
public class TheEndComesAfterTheLastByte extends Ring {

  /** Sends a byte and ends. */
  @Actor
  public void producer() {
    write(1, (byte) 1);
    producer.finish();
  }

  /** Looks for the end, then for data. */
  @Actor
  public void consumer(ZI_Result result) {
    result.r1 = isFinished();
    result.r2 = available();
  }
}
