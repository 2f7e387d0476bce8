package io.xenshm.netty.ending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.xenshm.netty.SuiteTransports;
import io.xenshm.netty.SuiteTransports.Permutation;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What both ends of a connection get, see and are told around its end is what Netty's epoll
 * transport lets them. Scripts run over that one many times, which shows what may happen, and then
 * over ours, where nothing else may, nor may fewer bytes come.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class EndingComparisonTest {
  private static final int SCRIPTS = 320;
  private static final int LEAST_OF_EACH_VALUE = 20;
  private static final int REFERENCE_RUNS = 20;
  private static final int RUNS = 4;
  private static final int MORE_RUNS = 10;

  /**
   * What differs is looked at again, with more runs of both: each is then more likely to show what
   * it does rarely. A difference counts that each look shows.
   */
  private static final int MORE_LOOKS = 3;

  private static final int MORE_REFERENCE_RUNS = 100;

  /** Rarely is a loop or the simulated hypervisor without a processor for so long. */
  private static final int QUIET_MILLIS = 50;

  /** Of further looks. */
  private static final int LONG_QUIET_MILLIS = 1000;

  private static final int LANES = 16;
  private static final int RING_SIZE = 64 * 1024;
  private static final int SOCKET_BUFFER = 256 * 1024;

  @TempDir private static Path directory;
  private static Path file;
  private static SuiteTransports transports;
  private static EventLoopGroup epollLoops;

  @BeforeAll
  static void start() throws IOException {
    transports = new SuiteTransports();
    epollLoops = new MultiThreadIoEventLoopGroup(4, EpollIoHandler.newFactory());
    file = Files.write(directory.resolve("bytes"), EndingRun.content());
  }

  @AfterAll
  static void stop() throws IOException {
    epollLoops.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly();
    transports.close();
  }

  @Test
  void eachValueOfEachAxisStandsInManyScripts() {
    Map<String, Integer> counts = new TreeMap<>();
    for (EndingScript script : EndingScript.some(SCRIPTS)) {
      script.values().forEach(value -> counts.merge(value, 1, Integer::sum));
    }
    assertEquals(36, counts.size(), counts::toString);
    assertTrue(
        counts.values().stream().allMatch(count -> count >= LEAST_OF_EACH_VALUE), counts::toString);
  }

  @Test
  void endsAreSeenAsOverEpoll() {
    List<EndingScript> scripts = EndingScript.some(SCRIPTS);
    Map<EndingScript, Set<EndingOutcome>> reference =
        run(epoll(), scripts, REFERENCE_RUNS, QUIET_MILLIS);
    List<String> differences = new ArrayList<>();
    for (Permutation permutation : transports.permutations()) {
      if (permutation.name().equals("xenshm both")) {
        compare(permutation, reference, differences);
      }
    }
    assertTrue(
        differences.isEmpty(), () -> differences.size() + ": " + String.join("\n", differences));
  }

  private static void compare(
      Permutation permutation,
      Map<EndingScript, Set<EndingOutcome>> reference,
      List<String> differences) {
    Map<EndingScript, Set<EndingOutcome>> ours =
        outside(run(permutation, reference.keySet(), RUNS, QUIET_MILLIS), reference);
    for (int look = 0; look < MORE_LOOKS && !ours.isEmpty(); look++) {
      run(epoll(), ours.keySet(), MORE_REFERENCE_RUNS, QUIET_MILLIS)
          .forEach((script, outcomes) -> reference.get(script).addAll(outcomes));
      ours = outside(run(permutation, ours.keySet(), MORE_RUNS, LONG_QUIET_MILLIS), reference);
    }
    ours.forEach(
        (script, outcomes) ->
            differences.add(
                permutation.path()
                    + " "
                    + script
                    + "\n    epoll: "
                    + reference.get(script)
                    + "\n    ours: "
                    + outcomes));
  }

  /** Returns the outcomes that the reference does not have, of the scripts with such. */
  private static Map<EndingScript, Set<EndingOutcome>> outside(
      Map<EndingScript, Set<EndingOutcome>> ours, Map<EndingScript, Set<EndingOutcome>> reference) {
    ours.forEach(
        (script, outcomes) ->
            outcomes.removeIf(outcome -> isIn(script, outcome, reference.get(script))));
    ours.values().removeIf(Set::isEmpty);
    return ours;
  }

  private static boolean isIn(
      EndingScript script, EndingOutcome outcome, Set<EndingOutcome> reference) {
    return script.ender() == EndingScript.Ender.BOTH
        ? outcome.endsAreOfThose(reference)
        : reference.stream().anyMatch(outcome::isOneOf);
  }

  private static Permutation epoll() {
    return new Permutation(
        "epoll",
        XenShmPath.TCP,
        () -> new ServerBootstrap().group(epollLoops).channel(EpollServerSocketChannel.class),
        () -> new Bootstrap().group(epollLoops).channel(EpollSocketChannel.class));
  }

  private static Map<EndingScript, Set<EndingOutcome>> run(
      Permutation permutation, Collection<EndingScript> scripts, int times, int quietMillis) {
    Map<EndingScript, Set<EndingOutcome>> outcomes = new LinkedHashMap<>();
    Queue<EndingScript> queue = new ArrayDeque<>();
    for (EndingScript script : scripts) {
      outcomes.put(script, new HashSet<>());
    }
    for (int i = 0; i < times; i++) {
      queue.addAll(scripts);
    }
    List<Lane> lanes = new ArrayList<>();
    for (int i = 0; i < LANES; i++) {
      lanes.add(new Lane(permutation, queue, outcomes, quietMillis));
    }
    lanes.forEach(Lane::next);
    lanes.forEach(lane -> lane.done.orTimeout(4, TimeUnit.MINUTES).join());
    return outcomes;
  }

  /** A listener, and one exchange after the other with it. */
  private static final class Lane {
    final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Queue<EndingScript> scripts;
    private final Map<EndingScript, Set<EndingOutcome>> outcomes;
    private final int quietMillis;
    private final Bootstrap client;
    private final Channel listener;
    private volatile EndingRun current;

    Lane(
        Permutation permutation,
        Queue<EndingScript> scripts,
        Map<EndingScript, Set<EndingOutcome>> outcomes,
        int quietMillis) {
      this.scripts = scripts;
      this.quietMillis = quietMillis;
      this.outcomes = outcomes;
      listener =
          permutation
              .server()
              .newBootstrap()
              .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
              .childOption(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
              .childHandler(
                  new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(current.server());
                    }
                  })
              .bind(SuiteTransports.serverAddress())
              .syncUninterruptibly()
              .channel();
      client =
          permutation
              .client()
              .newBootstrap()
              .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
              .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER);
      if (permutation.path() == XenShmPath.SHARED_MEMORY) {
        client.option(XenShmChannelOption.XENSHM_RING_SIZE, RING_SIZE);
      }
      client.handler(
          new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
              channel.pipeline().addLast(current.client());
            }
          });
    }

    void next() {
      EndingScript script;
      synchronized (scripts) {
        script = scripts.poll();
      }
      if (script == null) {
        listener.close().addListener(closed -> done.complete(null));
        return;
      }
      EndingRun run = new EndingRun(script, file, quietMillis);
      current = run;
      client
          .connect(listener.localAddress())
          .addListener(
              connected -> {
                if (!connected.isSuccess()) {
                  fail(connected.cause());
                }
              });
      run.outcome()
          .whenComplete(
              (outcome, failure) -> {
                if (failure != null) {
                  fail(failure);
                  return;
                }
                synchronized (scripts) {
                  if (run.isTooLate()) {
                    scripts.add(script);
                  } else {
                    outcomes.get(script).add(outcome);
                  }
                }
                next();
              });
    }

    private void fail(Throwable failure) {
      done.completeExceptionally(failure);
      listener.close();
    }
  }
}
