package io.xenshm.netty;

import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Collects what Netty and this library log at the level of warnings and above. */
final class Warnings implements AutoCloseable {
  private static final Logger ROOT = Logger.getLogger("");

  private final List<String> texts = new CopyOnWriteArrayList<>();
  private final Handler collector =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
            texts.add(entry.getMessage() + " " + entry.getThrown());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  Warnings() {
    ROOT.addHandler(collector);
    InternalLoggerFactory.getInstance(Warnings.class).warn("a warning is collected");
    if (texts.isEmpty()) {
      throw new AssertionError("Netty does not log by java.util.logging, so nothing is collected");
    }
    texts.clear();
  }

  List<String> texts() {
    return List.copyOf(texts);
  }

  @Override
  public void close() {
    ROOT.removeHandler(collector);
  }
}
