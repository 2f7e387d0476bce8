package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How much attention a domain's offers get: so many reads of XenStore at a time, and none for a
 * while after too many violations. May be used from any thread.
 */
final class OfferBudget {
  static final int MAX_READS = 64;
  static final int MAX_VIOLATIONS = 32;
  static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final InternalLogger logger = InternalLoggerFactory.getInstance(OfferBudget.class);

  private final LongSupplier clock;
  private final Map<Integer, Account> accounts = new HashMap<>();

  /**
   * Creates it.
   *
   * @param clock nanoseconds, as {@link System#nanoTime()}
   */
  OfferBudget(LongSupplier clock) {
    this.clock = clock;
  }

  /** Says whether an offer is to be read; {@link #readDone} must follow then. */
  synchronized boolean tryRead(int domain) {
    Account account = accounts.computeIfAbsent(domain, key -> new Account(clock.getAsLong()));
    account.startWindowIfDue(clock.getAsLong());
    if (account.reads >= MAX_READS || account.violations > MAX_VIOLATIONS) {
      return false;
    }
    account.reads++;
    return true;
  }

  synchronized void readDone(int domain) {
    Account account = accounts.get(domain);
    if (account != null) {
      account.reads--;
    }
  }

  /** Takes note of an offer that no honest client makes. */
  synchronized void violated(int domain) {
    Account account = accounts.computeIfAbsent(domain, key -> new Account(clock.getAsLong()));
    account.startWindowIfDue(clock.getAsLong());
    if (++account.violations == MAX_VIOLATIONS + 1) {
      logger.warn(
          "Domain {} made {} offers against the protocol; its offers are dropped for {} s",
          domain,
          account.violations,
          TimeUnit.NANOSECONDS.toSeconds(WINDOW_NANOS));
    }
  }

  private static final class Account {
    private long windowStart;
    private int reads;
    private int violations;

    Account(long now) {
      windowStart = now;
    }

    void startWindowIfDue(long now) {
      if (now - windowStart >= WINDOW_NANOS) {
        windowStart = now;
        violations = 0;
      }
    }
  }
}
