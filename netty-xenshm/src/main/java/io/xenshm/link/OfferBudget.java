package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How much attention a domain's offers get: so many in a second, so many at a time, and none for a
 * while after too many violations. May be used from any thread.
 */
final class OfferBudget {
  static final int MAX_VIOLATIONS = 32;
  static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);
  static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final InternalLogger logger = InternalLoggerFactory.getInstance(OfferBudget.class);

  private final PeerLimits limits;
  private final LongSupplier clock;
  private final Map<Integer, Account> accounts = new HashMap<>();

  /**
   * Creates it.
   *
   * @param clock nanoseconds, as {@link System#nanoTime()}
   */
  OfferBudget(PeerLimits limits, LongSupplier clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Says whether an offer is to be read; {@link #settled} must follow then. */
  boolean tryTake(int domain) {
    PeerLimit obstacle;
    synchronized (this) {
      Account account = account(domain);
      if (account.violations > MAX_VIOLATIONS) {
        return false;
      }
      obstacle = account.obstacle();
      if (obstacle == null) {
        account.pending++;
        account.offers++;
        return true;
      }
    }
    limits.reached(obstacle, domain);
    return false;
  }

  /** An offer that was taken is answered, or dropped. */
  synchronized void settled(int domain) {
    Account account = accounts.get(domain);
    if (account != null) {
      account.pending--;
    }
  }

  /** Takes note of an offer that no honest client makes. */
  synchronized void violated(int domain) {
    Account account = account(domain);
    if (++account.violations == MAX_VIOLATIONS + 1) {
      logger.warn(
          "Domain {} made {} offers against the protocol; its offers are dropped for {} s",
          domain,
          account.violations,
          TimeUnit.NANOSECONDS.toSeconds(WINDOW_NANOS));
    }
  }

  /**
   * Says whether an offer that came at a time has waited for too long; the limit is counted then.
   */
  boolean isLate(int domain, long cameNanos) {
    long most = TimeUnit.MILLISECONDS.toNanos(limits.value(PeerLimit.HANDSHAKE_MILLIS));
    if (clock.getAsLong() - cameNanos <= most) {
      return false;
    }
    limits.reached(PeerLimit.HANDSHAKE_MILLIS, domain);
    return true;
  }

  long now() {
    return clock.getAsLong();
  }

  private Account account(int domain) {
    long now = clock.getAsLong();
    Account account = accounts.computeIfAbsent(domain, key -> new Account(now));
    account.startWindowsIfDue(now);
    return account;
  }

  private final class Account {
    private long windowStart;
    private long secondStart;
    private int pending;
    private int offers;
    private int violations;

    Account(long now) {
      windowStart = now;
      secondStart = now;
    }

    void startWindowsIfDue(long now) {
      if (now - windowStart >= WINDOW_NANOS) {
        windowStart = now;
        violations = 0;
      }
      if (now - secondStart >= SECOND_NANOS) {
        secondStart = now;
        offers = 0;
      }
    }

    PeerLimit obstacle() {
      if (offers >= limits.value(PeerLimit.OFFERS)) {
        return PeerLimit.OFFERS;
      }
      return pending >= limits.value(PeerLimit.PENDING_OFFERS) ? PeerLimit.PENDING_OFFERS : null;
    }
  }
}
