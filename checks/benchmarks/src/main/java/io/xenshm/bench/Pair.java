package io.xenshm.bench;

import io.xenshm.bench.worker.BenchProcess;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Children;
import io.xenshm.examples.demo.DemoDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The server's and the client's process of one transport. They live as long as the whole run, and
 * sleep while other pairs are measured.
 */
final class Pair {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration PATIENCE = Duration.ofSeconds(150);
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;

  private final Transport transport;
  private final ChildJvm server;
  private final ChildJvm client;

  private Pair(Transport transport, ChildJvm server, ChildJvm client) {
    this.transport = transport;
    this.server = server;
    this.client = client;
  }

  static Pair start(
      Transport transport, List<String> jvmOptions, DemoDirectory directory, Children children)
      throws IOException, InterruptedException {
    ChildJvm server =
        start("server", SERVER_DOMAIN, transport, jvmOptions, directory, children, "-");
    String address = server.awaitLine("READY", START);
    ChildJvm client =
        start("client", CLIENT_DOMAIN, transport, jvmOptions, directory, children, address);
    client.awaitLine("READY", START);
    return new Pair(transport, server, client);
  }

  private static ChildJvm start(
      String role,
      int domain,
      Transport transport,
      List<String> jvmOptions,
      DemoDirectory directory,
      Children children,
      String address)
      throws IOException {
    return children.add(
        () ->
            ChildJvm.start(
                transport.label() + "'s " + role,
                BenchProcess.class,
                Map.of(
                    "XENSHM_XEN",
                    "sim:" + directory.host(),
                    "XENSHM_SIM_DOMID",
                    Integer.toString(domain)),
                jvmOptions,
                List.of(role, transport.name(), directory.root().toString(), address)));
  }

  Transport transport() {
    return transport;
  }

  /** Has a measurement done, and adds what it cost: {@link Cost}'s values. */
  Measured measure(String command) throws IOException, InterruptedException {
    Answer serverBefore = ask(server, "meter");
    Answer clientBefore = ask(client, "meter");
    boolean serverTakesPart = !transport.isNetty() && transport.hasTwoEnds();
    if (serverTakesPart) {
      server.writeLine("serve " + command);
    }
    Answer answer = ask(client, command);
    if (serverTakesPart) {
      answerOf(server);
    }
    return new Measured(
        answer,
        Cost.between(clientBefore, ask(client, "meter")),
        Cost.between(serverBefore, ask(server, "meter")));
  }

  /** Measures a stream as {@link #measure} does: each write flushed, rings of the default size. */
  Measured measureStream(int writeBytes, long totalBytes) throws IOException, InterruptedException {
    return measureStream(writeBytes, totalBytes, 0, false, 0);
  }

  /**
   * Measures a stream as {@link #measure} does.
   *
   * @param flushBytes how many bytes are written for a flush; 0: each write is flushed
   * @param nested whether the next write happens where Netty tells that the channel is writable
   * @param ringSize in bytes; 0: the default
   */
  Measured measureStream(
      int writeBytes, long totalBytes, int flushBytes, boolean nested, int ringSize)
      throws IOException, InterruptedException {
    return measure(
        "stream %d %d %d %b %d".formatted(writeBytes, totalBytes, flushBytes, nested, ringSize));
  }

  /** Has the client do something that is not measured. */
  void tell(String command) throws IOException, InterruptedException {
    ask(client, command);
  }

  /** Has the server do something that is not measured. */
  Answer askServer(String command) throws IOException, InterruptedException {
    return ask(server, command);
  }

  /** Has the client answer something that is not measured. */
  Answer askClient(String command) throws IOException, InterruptedException {
    return ask(client, command);
  }

  private static Answer ask(ChildJvm child, String command)
      throws IOException, InterruptedException {
    child.writeLine(command);
    return answerOf(child);
  }

  private static Answer answerOf(ChildJvm child) throws IOException, InterruptedException {
    String line = child.readLine(PATIENCE);
    if (!line.startsWith("DONE")) {
      throw new IOException(line);
    }
    return Answer.parse(line.substring("DONE".length()));
  }

  /**
   * The result of a measurement.
   *
   * @param answer what the client said
   * @param client what it cost the client
   * @param server what it cost the server
   */
  record Measured(Answer answer, Cost client, Cost server) {}

  /**
   * What a process used up.
   *
   * @param processNanos processor time of the process
   * @param workerNanos processor time of the thread that works
   * @param allocatedBytes what this thread allocated on the heap
   * @param calls how often it read, wrote or slept; 0 where that is not known
   */
  record Cost(long processNanos, long workerNanos, long allocatedBytes, long calls) {
    private static Cost between(Answer before, Answer after) {
      return new Cost(
          after.number("process") - before.number("process"),
          after.number("worker") - before.number("worker"),
          after.number("allocated") - before.number("allocated"),
          after.number("calls") - before.number("calls"));
    }
  }
}
