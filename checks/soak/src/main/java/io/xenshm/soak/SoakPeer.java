package io.xenshm.soak;

import io.xenshm.examples.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * A process of a domain: serves at a port, and does what it is told to by lines on its standard
 * input. Ends with its parent.
 *
 * <pre>
 * stream ID HOST PORT RING SEED UP DOWN PAUSE-EVERY ABORT-AFTER     answered by  DONE ID OUTCOME
 * datagram ID HOST PORT SEED COUNT                                  DONE ID OUTCOME
 * stat                                                              STAT what is held
 * rest, resume DOMAIN                                               RESTED, RESUMED
 * dump                                                              threads, to standard error
 * </pre>
 */
final class SoakPeer {
  private final PrintStream out = System.out;
  private final String address;
  private final int port;
  private PeerLoops loops;

  private SoakPeer(String address, int port) {
    this.address = address;
    this.port = port;
  }

  /** Serves at the address {@code args[0]} of domain {@code args[1]}, port {@code args[2]}. */
  public static void main(String[] args) {
    Program.run(
        "peer",
        () -> new SoakPeer(args[0], Integer.parseInt(args[2])).run(Integer.parseInt(args[1])));
  }

  private void run(int domain) throws Exception {
    loops = PeerLoops.start(address, domain, port, this::say);
    say("READY " + port);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      handle(line.split(" ", -1));
    }
    // as a crash: what a process leaves behind is part of what is looked at
    Runtime.getRuntime().halt(0);
  }

  private void handle(String[] words) throws Exception {
    switch (words[0]) {
      case "stream" -> answer(words[1], stream(words));
      case "datagram" ->
          answer(
              words[1],
              loops.datagrams(
                  words[2],
                  Integer.parseInt(words[3]),
                  Long.parseLong(words[4]),
                  Integer.parseInt(words[5])));
      case "stat" -> say("STAT " + Holdings.ofThisProcess(loops));
      case "rest" -> {
        loops.close();
        loops = null;
        say("RESTED " + port);
      }
      case "resume" -> {
        loops = PeerLoops.start(address, Integer.parseInt(words[1]), port, this::say);
        say("RESUMED " + port);
      }
      case "dump" -> Holdings.dump(System.err, loops);
      default -> throw new IOException("not understood: " + words[0]);
    }
  }

  private CompletableFuture<String> stream(String[] words) {
    Transfer transfer =
        new Transfer(
            Long.parseLong(words[5]),
            Long.parseLong(words[6]),
            Long.parseLong(words[7]),
            Integer.parseInt(words[8]));
    return loops.transfer(
        words[2],
        Integer.parseInt(words[3]),
        Integer.parseInt(words[4]),
        transfer,
        Long.parseLong(words[9]));
  }

  private void answer(String id, CompletableFuture<String> outcome) {
    outcome.whenComplete(
        (text, failure) ->
            say("DONE " + id + " " + (failure == null ? text : Outcome.of(failure))));
  }

  private void say(String line) {
    synchronized (out) {
      out.println(line);
      out.flush();
    }
  }
}
