package io.xenshm.sim.xenstore;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How often a guest may write: {@code xenstored} reads no more requests of one that has used up its
 * credit. What a guest does not use of its rate goes into a reserve that all share
 * (tools/xenstore/xenstored_domain.h, {@code WRL_RATE}, {@code WRL_DBURST}, {@code WRL_GBURST}).
 * For one thread.
 */
final class WriteRate {
  static final int WRITES_PER_SECOND = 200;
  static final int BURST = 10;
  static final int RESERVE = 1000;

  private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Map<Integer, Account> accounts = new HashMap<>();
  private double reserve = RESERVE;

  /** Takes note of a write; returns for how many nanoseconds the guest's requests wait. */
  long wrote(int domainId, long now) {
    Account account = accounts.computeIfAbsent(domainId, key -> new Account(now));
    account.credit += (now - account.updated) / NANOS * WRITES_PER_SECOND - 1;
    account.updated = now;
    if (account.credit > BURST) {
      reserve = Math.min(RESERVE, reserve + account.credit - BURST);
      account.credit = BURST;
    } else if (account.credit < 0) {
      double borrowed = Math.min(reserve, -account.credit);
      reserve -= borrowed;
      account.credit += borrowed;
    }
    return account.credit < 0 ? (long) (-account.credit / WRITES_PER_SECOND * NANOS) : 0;
  }

  void forget(int domainId) {
    accounts.remove(domainId);
  }

  private static final class Account {
    private double credit = BURST;
    private long updated;

    Account(long now) {
      updated = now;
    }
  }
}
