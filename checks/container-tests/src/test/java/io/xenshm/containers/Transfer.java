package io.xenshm.containers;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.transfer.FileSender;
import io.xenshm.examples.transfer.SampleFile;
import io.xenshm.examples.transfer.TransferResult;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * Sends a file of {@code args[1]} bytes to {@code args[0]}. Prints {@code HALF} in the middle, then
 * {@code SENT} and whether the digests are equal, or {@code LOST} and why. With {@link #SLOWLY} as
 * third argument, the second half takes seconds: time for what is to happen meanwhile.
 */
final class Transfer {
  static final String SLOWLY = "slowly";

  private static final long SEED = 8;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private Transfer() {}

  /** Sends, and ends with 0, also where the connection is lost. */
  public static void main(String[] args) {
    Program.run(
        "transfer",
        () -> {
          Runtime jvm = Runtime.getRuntime();
          System.out.println("JVM " + jvm.availableProcessors() + " " + jvm.maxMemory());
          long size = Long.parseLong(args[1]);
          boolean slowly = args.length > 2 && args[2].equals(SLOWLY);
          try (SampleFile file = SampleFile.create(size, SEED);
              FileSender sender = new FileSender(Endpoint.parse(args[0]))) {
            System.out.println(send(sender, file, slowly));
            ConnectionCounts.print();
          }
        });
  }

  private static String send(FileSender sender, SampleFile file, boolean slowly)
      throws InterruptedException {
    try {
      TransferResult result = sender.send(file, new Half(file.length(), slowly));
      return "SENT " + result.bytes() + " " + (result.digestsEqual() ? "equal" : "DIFFERENT");
    } catch (IOException e) {
      return "LOST " + e.getMessage();
    }
  }

  /** Belongs to the event loop. */
  private static final class Half implements LongConsumer {
    private final long size;
    private final boolean slowly;
    private boolean printed;

    Half(long size, boolean slowly) {
      this.size = size;
      this.slowly = slowly;
    }

    @Override
    public void accept(long done) {
      if (!printed && done >= size / 2) {
        printed = true;
        System.out.println("HALF " + done);
      }
      if (printed && slowly) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
