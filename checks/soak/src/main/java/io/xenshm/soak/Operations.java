package io.xenshm.soak;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Begins operations and disturbances as the seed says, and checks how each operation ends. */
final class Operations {
  private static final int AT_A_TIME = 8;
  private static final long HANG_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final int TICK_MILLIS = 10;
  private static final int REPORT_SECONDS = 60;
  private static final int MAX_BYTES_LOG = 22;
  private static final int DISTURB_MIN_MILLIS = 2000;
  private static final int DISTURB_SPREAD_MILLIS = 5000;

  private final Site site;
  private final SplittableRandom random;
  private final Findings findings;
  private final Disturber disturber;
  private final List<Operation> running = new ArrayList<>();
  private final Map<String, Integer> counts = new TreeMap<>();
  private long lastId;

  Operations(Site site, long seed, Findings findings) {
    this.site = site;
    this.random = new SplittableRandom(seed);
    this.findings = findings;
    this.disturber = new Disturber(site, random.split());
  }

  private record Operation(
      long id,
      Peer client,
      Peer server,
      String text,
      boolean mayAbort,
      long began,
      CompletableFuture<String> outcome) {

    @Override
    public String toString() {
      return "operation " + id + " of " + client + " with " + server + ": " + text;
    }
  }

  /** Connects every peer with every other one, in all ways, and waits for the ends. */
  void eachPairOnce() throws InterruptedException {
    for (Peer client : site.peers()) {
      for (Peer server : site.peers()) {
        if (client != server) {
          if (client.place != server.place) {
            stream(client, server, true, 30_000, 30_000, 0, -1);
          }
          stream(client, server, false, 30_000, 30_000, 0, -1);
          datagrams(client, server, 20);
        }
        while (running.size() >= AT_A_TIME) {
          tick();
        }
      }
    }
    drain();
  }

  /**
   * Does as the seed says for so many seconds, repairs what was disturbed and waits for the ends.
   */
  void run(int seconds) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long disturbAt = System.nanoTime() + pause();
    long reportAt = System.nanoTime() + TimeUnit.SECONDS.toNanos(REPORT_SECONDS);
    while (System.nanoTime() - end < 0 && !findings.enough()) {
      while (running.size() < AT_A_TIME) {
        beginAny();
      }
      tick();
      if (System.nanoTime() - disturbAt >= 0) {
        disturber.disturb();
        disturbAt = System.nanoTime() + pause();
      }
      if (System.nanoTime() - reportAt >= 0) {
        reportAt += TimeUnit.SECONDS.toNanos(REPORT_SECONDS);
        Soak.say(counts + " " + disturber.counts());
      }
    }
    disturber.repair();
    drain();
  }

  void report() {
    Soak.say("operations: " + counts);
    Soak.say("disturbances: " + disturber.counts());
  }

  private long pause() {
    return TimeUnit.MILLISECONDS.toNanos(
        DISTURB_MIN_MILLIS + random.nextInt(DISTURB_SPREAD_MILLIS));
  }

  private void beginAny() {
    List<Peer> peers = site.peers();
    Peer client = peers.get(random.nextInt(peers.size()));
    Peer server = peers.get(random.nextInt(peers.size()));
    if (client == server) {
      return;
    }
    if (random.nextInt(8) == 0) {
      datagrams(client, server, 1 + random.nextInt(200));
      return;
    }
    long up = size();
    long down = size();
    boolean byDomain = client.place != server.place && random.nextBoolean();
    int pauseEvery = random.nextInt(3) == 0 ? 10_000 + random.nextInt(200_000) : 0;
    long abort = random.nextInt(8) == 0 ? random.nextLong(up + down + 1) : -1;
    stream(client, server, byDomain, up, down, pauseEvery, abort);
  }

  /** Small ones as often as large ones. */
  private long size() {
    return random.nextLong(1L << random.nextInt(MAX_BYTES_LOG + 1));
  }

  private void stream(
      Peer client,
      Peer server,
      boolean byDomain,
      long up,
      long down,
      int pauseEvery,
      long abortAfter) {
    String arguments =
        String.join(
            " ",
            byDomain ? "xen:" + server.domain() : server.address(),
            Integer.toString(byDomain ? server.port + 1 : server.port),
            Integer.toString(4096 << random.nextInt(6)),
            Long.toString(random.nextLong()),
            Long.toString(up),
            Long.toString(down),
            Integer.toString(pauseEvery),
            Long.toString(abortAfter));
    begin("stream", client, server, arguments, abortAfter >= 0);
  }

  private void datagrams(Peer client, Peer server, int count) {
    String arguments = server.address() + ' ' + server.port + ' ' + random.nextLong() + ' ' + count;
    begin("datagram", client, server, arguments, false);
  }

  private void begin(String verb, Peer client, Peer server, String arguments, boolean mayAbort) {
    long id = ++lastId;
    long began = System.nanoTime();
    running.add(
        new Operation(
            id,
            client,
            server,
            verb + ' ' + arguments,
            mayAbort,
            began,
            client.begin(verb, id, arguments)));
  }

  private void drain() throws InterruptedException {
    while (!running.isEmpty()) {
      tick();
    }
  }

  private void tick() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    for (Operation operation : List.copyOf(running)) {
      if (operation.outcome().isDone()) {
        running.remove(operation);
        check(operation, operation.outcome().join());
      } else if (System.nanoTime() - operation.began() > HANG_NANOS) {
        running.remove(operation);
        findings.add("hangs: " + operation);
        operation.client().dump();
        operation.server().dump();
      }
    }
  }

  private void check(Operation operation, String outcome) {
    String disturbed =
        disturber.disturbances().since(operation.began(), operation.client(), operation.server());
    String[] words = outcome.split(" ", 3);
    boolean right =
        switch (words[0]) {
          case TransferClientHandler.DELIVERED -> true;
          case TransferClientHandler.ABORTED -> operation.mayAbort();
          case "failed", Peer.DIED -> disturbed != null;
          default -> false;
        };
    String kind =
        words[0].equals("failed") ? "failed, " + disturbed : words.length == 2 ? outcome : words[0];
    counts.merge(kind, 1, Integer::sum);
    if (!right) {
      findings.add(operation + ": " + outcome + (disturbed == null ? "" : " after " + disturbed));
    }
  }
}
