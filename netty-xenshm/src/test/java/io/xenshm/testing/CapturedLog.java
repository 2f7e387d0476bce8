package io.xenshm.testing;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a class logs at WARN or above, as tests log by the JDK's logger. */
public final class CapturedLog implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 20;

  private final Logger logger;
  private final List<String> all = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            all.add(record.getMessage());
            unread.add(record.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  /** Begins to capture. */
  public CapturedLog(Class<?> source) {
    logger = Logger.getLogger(source.getName());
    logger.addHandler(handler);
  }

  /** Waits for the next line. */
  public String next() throws InterruptedException {
    String line = unread.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("nothing was logged after " + all);
    }
    return line;
  }

  /** Returns all lines so far. */
  public List<String> lines() {
    return List.copyOf(all);
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
  }
}
