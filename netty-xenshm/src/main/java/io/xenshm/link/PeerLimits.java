package io.xenshm.link;

import io.xenshm.xen.XenLimitException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts what each peer domain takes of this process, and says where it is too much. May be used
 * from any thread.
 */
public final class PeerLimits {
  /** An honest peer unmaps within milliseconds, or seconds where its machine is busy. */
  static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Memory of which nobody tells when it is unmapped counts for so long. */
  static final long FORGET_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** So many links of a domain may rest at a time. */
  static final int MAX_RESTING = 8;

  private static final Map<PeerLimit, LongAdder> REACHED = new EnumMap<>(PeerLimit.class);

  static {
    for (PeerLimit limit : PeerLimit.values()) {
      REACHED.put(limit, new LongAdder());
    }
  }

  private final LongSupplier clock;
  private final PeerWarnings warnings;
  private final EnumMap<PeerLimit, Integer> values = new EnumMap<>(PeerLimit.class);
  private final Map<Integer, Account> accounts = new HashMap<>();

  /**
   * Reads the limits' system properties.
   *
   * @param clock nanoseconds, as {@link System#nanoTime()}
   * @param warnings tell the log of limits that were reached
   * @throws IllegalArgumentException if one is no whole number of at least 1
   */
  PeerLimits(LongSupplier clock, PeerWarnings warnings) {
    this.clock = clock;
    this.warnings = warnings;
    for (PeerLimit limit : PeerLimit.values()) {
      values.put(limit, limit.value());
    }
  }

  /** Returns how often a peer reached a limit, since the process started. */
  public static long reached(PeerLimit limit) {
    return REACHED.get(limit).sum();
  }

  /** Returns a limit's value. */
  public int value(PeerLimit limit) {
    return values.get(limit);
  }

  /**
   * Counts that a domain reached a limit, logs it now and then, and returns what there is to say.
   */
  String reached(PeerLimit limit, int domain) {
    REACHED.get(limit).increment();
    String message = limit.message(domain, value(limit));
    warnings.warn(domain, limit, message + "; it gets no more for now");
    return message;
  }

  /**
   * Counts a link whose pages the domain grants.
   *
   * @throws XenLimitException if that is too much, with the limit in the message
   */
  Lease map(int domain, int pages) throws XenLimitException {
    return open(domain, pages, false);
  }

  /**
   * Counts a link whose pages are granted to the domain.
   *
   * @throws XenLimitException if that is too much, with the limit in the message
   */
  Lease grant(int domain, int pages) throws XenLimitException {
    return open(domain, pages, true);
  }

  private Lease open(int domain, int pages, boolean granted) throws XenLimitException {
    PeerLimit obstacle;
    synchronized (this) {
      Account account = account(domain);
      obstacle = account.obstacle(pages, granted);
      if (obstacle == null) {
        account.links++;
        account.pages += pages;
        return new Lease(account, pages);
      }
    }
    throw new XenLimitException(reached(obstacle, domain));
  }

  private Account account(int domain) {
    return accounts.computeIfAbsent(domain, key -> new Account());
  }

  /** A domain is gone, and what it held with it. Links that end later count for nobody. */
  synchronized void forget(int domain) {
    accounts.remove(domain);
  }

  /** A domain seems to be gone: nothing is kept of it where it has nothing. */
  synchronized void forgetIfIdle(int domain) {
    Account account = accounts.get(domain);
    if (account != null && account.pages == 0 && account.held.isEmpty()) {
      accounts.remove(domain);
    }
  }

  /** All domains are others now. */
  synchronized void forgetAll() {
    accounts.clear();
  }

  private final class Account {
    private final Set<Lease> held = new LinkedHashSet<>();
    private int links;
    private int pages;
    private int resting;

    PeerLimit obstacle(int more, boolean granted) {
      if (links >= value(PeerLimit.CONNECTIONS)) {
        return PeerLimit.CONNECTIONS;
      }
      if (pages + more > value(PeerLimit.PAGES)) {
        return PeerLimit.PAGES;
      }
      // while it holds nothing it may hold one link's memory, however large
      int holds = granted ? heldPages() : 0;
      return holds > 0 && holds + more > value(PeerLimit.HELD_PAGES) ? PeerLimit.HELD_PAGES : null;
    }

    private int heldPages() {
      long now = clock.getAsLong();
      held.removeIf(lease -> lease.forgetful && now - lease.since >= FORGET_NANOS);
      int sum = 0;
      for (Lease lease : held) {
        sum += lease.forgetful || now - lease.since >= GRACE_NANOS ? lease.pages : 0;
      }
      return sum;
    }
  }

  /** What one link counts. */
  final class Lease {
    private final Account account;
    private final int pages;
    private boolean open = true;
    private boolean resting;
    private boolean forgetful;
    private long since;

    private Lease(Account account, int pages) {
      this.account = account;
      this.pages = pages;
    }

    /**
     * The link ended, and its pages wait for the next one.
     *
     * @return false where enough of the domain's links rest already
     */
    boolean tryRest() {
      synchronized (PeerLimits.this) {
        if (!open || account.resting >= MAX_RESTING) {
          return false;
        }
        resting = true;
        account.resting++;
        account.links--;
        return true;
      }
    }

    /**
     * The pages that wait are to be a link's again.
     *
     * @throws XenLimitException if the domain has too many links
     */
    void resume(int domain) throws XenLimitException {
      PeerLimit obstacle;
      synchronized (PeerLimits.this) {
        obstacle = account.obstacle(0, false);
        if (obstacle == null) {
          stopResting();
        }
      }
      if (obstacle != null) {
        throw new XenLimitException(reached(obstacle, domain));
      }
    }

    private void stopResting() {
      if (resting) {
        resting = false;
        account.resting--;
        account.links++;
      }
    }

    /** All is given back. */
    void end() {
      synchronized (PeerLimits.this) {
        close();
        account.held.remove(this);
      }
    }

    /** The link ended, and the peer has not unmapped its memory yet: {@link #end} will follow. */
    void hold() {
      hold(false);
    }

    /** The link ended, and nobody will tell when the peer has unmapped its memory. */
    void holdForAWhile() {
      hold(true);
    }

    private void hold(boolean nobodyTells) {
      synchronized (PeerLimits.this) {
        close();
        forgetful = nobodyTells;
        since = clock.getAsLong();
        account.held.add(this);
      }
    }

    private void close() {
      if (open) {
        stopResting();
        open = false;
        account.links--;
        account.pages -= pages;
      }
    }
  }
}
