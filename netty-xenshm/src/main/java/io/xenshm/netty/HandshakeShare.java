package io.xenshm.netty;

import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * How much of an event loop's time each domain's handshakes get: each stops the loop for several
 * calls of the hypervisor, and so does the end of a connection. While connections of other domains
 * are busy, a domain gets one part in ten. Belongs to the event loop.
 */
final class HandshakeShare {
  private static final int TIMES = 10;

  /** A domain that rested may take two milliseconds at once. */
  private static final long FORGIVEN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Nobody waits for longer, whatever came before. */
  private static final long MAX_OWED_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** How long others count as busy: they may be asleep for a moment, between two events. */
  private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final int MAX_ACCOUNTS = 1024;

  private final IntPredicate othersBusy;
  private final LongSupplier clock;
  private final Int2ObjectHashMap<Account> accounts = new Int2ObjectHashMap<>();

  /**
   * Creates it.
   *
   * @param othersBusy tells whether connections of other domains than the given one are looked at
   * @param clock nanoseconds, as {@link System#nanoTime()}
   */
  HandshakeShare(IntPredicate othersBusy, LongSupplier clock) {
    this.othersBusy = othersBusy;
    this.clock = clock;
  }

  /** Says whether a domain's handshakes are to wait. */
  boolean isSpent(int domain) {
    Account account = accounts.get(domain);
    if (account == null) {
      return false;
    }
    long now = clock.getAsLong();
    if (othersBusy.test(domain)) {
      account.othersBusyUntil = now + BUSY_NANOS;
    }
    return account.paidOff - now > FORGIVEN_NANOS && account.othersBusyUntil - now > 0;
  }

  /** Does something for a domain, and counts the time that it takes. */
  void run(int domain, Runnable work) {
    call(
        domain,
        () -> {
          work.run();
          return null;
        });
  }

  /** As the other one, for something that has a result, or may fail. */
  <T, X extends Exception> T call(int domain, Work<T, X> work) throws X {
    long start = clock.getAsLong();
    try {
      return work.call();
    } finally {
      spent(domain, start);
    }
  }

  /** What is done for a domain. */
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    T call() throws X;
  }

  private void spent(int domain, long start) {
    long now = clock.getAsLong();
    if (accounts.size() >= MAX_ACCOUNTS) {
      accounts.values().removeIf(account -> account.paidOff - now <= 0);
    }
    Account account = accounts.computeIfAbsent(domain, key -> new Account(now));
    long from = account.paidOff - now > 0 ? account.paidOff : now;
    long owed = from - now + TIMES * (now - start);
    account.paidOff = now + Math.min(owed, MAX_OWED_NANOS);
  }

  private static final class Account {
    private long paidOff;
    private long othersBusyUntil;

    Account(long now) {
      paidOff = now;
      othersBusyUntil = now;
    }
  }
}
