package io.xenshm.examples.demo;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.echo.EchoClient;
import io.xenshm.examples.echo.EchoResult;
import io.xenshm.examples.transfer.FileSender;
import io.xenshm.examples.transfer.SampleFile;
import io.xenshm.examples.transfer.TransferResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;

/** The client process of the demo: runs both examples' clients, and ends. */
final class DemoClient {
  static final int RUNS = 3;

  private static final int WARM_UPS = 2;
  private static final int ROUND_TRIPS = 20_000;
  private static final long SEED = 1;
  private static final int PROGRESS_STEPS = 25;

  private DemoClient() {}

  /** Connects to two addresses, echo's first, and sends a file of {@code args[2]} bytes. */
  public static void main(String[] args) {
    Parent.endWithIt();
    Program.run(
        "demo client",
        () -> {
          EchoResult echo = EchoClient.run(Endpoint.parse(args[0]), ROUND_TRIPS);
          TransferResult transfer = transfer(Endpoint.parse(args[1]), Long.parseLong(args[2]));
          System.out.println("RESULT " + new Measurement(transfer, echo).toLine());
        });
  }

  private static TransferResult transfer(Endpoint endpoint, long size) throws Exception {
    List<TransferResult> runs = new ArrayList<>();
    boolean digestsEqual = true;
    try (SampleFile file = SampleFile.create(size, SEED);
        FileSender sender = new FileSender(endpoint)) {
      for (int i = 0; i < WARM_UPS; i++) {
        digestsEqual &= sender.send(file, done -> {}).digestsEqual();
      }
      for (int i = 1; i <= RUNS; i++) {
        TransferResult run = sender.send(file, new Progress(i, size));
        digestsEqual &= run.digestsEqual();
        runs.add(run);
      }
    }
    runs.sort(Comparator.comparingLong(TransferResult::nanos));
    TransferResult median = runs.get(RUNS / 2);
    return new TransferResult(median.path(), median.bytes(), median.nanos(), digestsEqual);
  }

  /** Tells the demo how far a run is. */
  private static final class Progress implements LongConsumer {
    private final int run;
    private final long step;
    private long next;

    Progress(int run, long size) {
      this.run = run;
      this.step = Math.max(1, size / PROGRESS_STEPS);
    }

    @Override
    public void accept(long done) {
      if (done >= next) {
        next = done - done % step + step;
        System.out.println("PROGRESS " + run + " " + done);
      }
    }
  }
}
