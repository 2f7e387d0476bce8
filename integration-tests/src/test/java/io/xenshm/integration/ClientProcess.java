package io.xenshm.integration;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.demo.Parent;
import io.xenshm.examples.transfer.FileSender;
import io.xenshm.examples.transfer.SampleFile;
import io.xenshm.examples.transfer.TransferResult;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * Sends one file. Asked to, it stops in the middle, prints {@code STOPPED} and waits to be killed.
 */
final class ClientProcess {
  static final String STOP = "stop-in-the-middle";

  private static final long SEED = 3;

  private ClientProcess() {}

  /** Sends {@code args[1]} bytes to the address {@code args[0]}. */
  public static void main(String[] args) {
    Parent.endWithIt();
    Program.run(
        "client",
        () -> {
          long size = Long.parseLong(args[1]);
          LongConsumer progress = args.length > 2 ? new StopInTheMiddle(size) : done -> {};
          try (SampleFile file = SampleFile.create(size, SEED);
              FileSender sender = new FileSender(Endpoint.parse(args[0]))) {
            TransferResult result = sender.send(file, progress);
            if (!result.digestsEqual()) {
              throw new IOException("digests are different");
            }
            System.out.println("SENT " + result.bytes());
          }
        });
  }

  /** Blocks the event loop, so that the transfer is under way until the process dies. */
  private record StopInTheMiddle(long size, AtomicBoolean stopped) implements LongConsumer {
    StopInTheMiddle(long size) {
      this(size, new AtomicBoolean());
    }

    @Override
    public void accept(long done) {
      if (done >= size / 2 && stopped.compareAndSet(false, true)) {
        System.out.println("STOPPED " + done);
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
