package io.xenshm.soak;

import io.xenshm.examples.demo.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The simulated host and its peers, each a process. A domain is known by its place, from 1 on: its
 * number changes. Domains 1 and 2 have one peer that stays and one that is killed now and then.
 * Domain 3 has one that is killed, and is suspended now and then, domain 4 is destroyed.
 */
final class Site implements AutoCloseable {
  static final int DOMAINS = 4;
  static final int SUSPENDED = 3;
  static final int DESTROYED = 4;

  private static final int PORT = 4711;
  private static final int OTHER_PORT = 4721;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path directory;
  private final ChildJvm host;
  private final List<Peer> peers = new ArrayList<>();
  private int lastNumber = DOMAINS;
  private ChildJvm agent;

  Site(Path directory, Consumer<String> complaints) throws IOException, InterruptedException {
    this.directory = directory;
    host =
        ChildJvm.start(
            "host",
            SoakHost.class,
            Map.of(),
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:-UseDynamicNumberOfCompilerThreads"),
            List.of(directory.toString(), Integer.toString(DOMAINS)));
    try {
      host.awaitLine("READY", PATIENCE);
      startAgent();
      peers.add(new Peer(directory, 1, PORT, true, complaints));
      peers.add(new Peer(directory, 2, PORT, true, complaints));
      peers.add(new Peer(directory, 1, OTHER_PORT, false, complaints));
      peers.add(new Peer(directory, 2, OTHER_PORT, false, complaints));
      peers.add(new Peer(directory, SUSPENDED, PORT, false, complaints));
      peers.add(new Peer(directory, DESTROYED, PORT, false, complaints));
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
  }

  List<Peer> peers() {
    return peers;
  }

  /** Says something to the host; returns what it answers. */
  String host(String line) throws IOException, InterruptedException {
    host.writeLine(line);
    return host.awaitLine("DID", PATIENCE);
  }

  /** Says something of the domain at a place to the host, {@code VERB NUMBER}. */
  String host(String verb, int place) throws IOException, InterruptedException {
    return host(verb + ' ' + inhabitants(place).get(0).domain());
  }

  /** Returns the peers of the domain at a place; there is one at least. */
  List<Peer> inhabitants(int place) {
    return peers.stream().filter(peer -> peer.place == place).toList();
  }

  /** Gives the domain at a place a number that no domain had; returns both, the old one first. */
  String renumber(int place) {
    List<Peer> inhabitants = inhabitants(place);
    int old = inhabitants.get(0).domain();
    lastNumber++;
    inhabitants.forEach(peer -> peer.moveTo(lastNumber));
    return old + " " + lastNumber;
  }

  /** Starts dom0's agent; returns when all guests have their tables. */
  void startAgent() throws IOException, InterruptedException {
    agent =
        ChildJvm.start(
            "agent",
            SoakAgent.class,
            Map.of("XENSHM_XEN", "sim:" + directory),
            List.of("-Xmx128m", "-XX:+UseSerialGC"),
            List.of());
    String line = agent.readLine(PATIENCE);
    if (!line.equals("READY")) {
      throw new IOException("the agent says " + line);
    }
  }

  /** Ends dom0's agent with SIGKILL. */
  void killAgent() throws IOException, InterruptedException {
    agent.kill();
    agent.awaitExit(PATIENCE);
  }

  void dump() {
    peers.forEach(Peer::dump);
    System.err.println("== host");
    host.errors().forEach(System.err::println);
  }

  @Override
  public void close() {
    peers.forEach(Peer::close);
    if (agent != null) {
      agent.kill();
      agent.close();
    }
    host.close();
  }
}
