package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;
import io.xenshm.bench.Transport;
import io.xenshm.examples.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One of the two processes of a transport: {@code server|client TRANSPORT DIRECTORY ADDRESS}. It
 * prints {@code READY} and its address. Then each line of its standard input is a measurement, and
 * each is answered with {@code DONE} and numbers, or {@code FAILED} and a reason. It ends with its
 * standard input.
 */
public final class BenchProcess {
  private static final int PARENT_IS_GONE = 3;

  private BenchProcess() {}

  /** Runs until the parent ends. */
  public static void main(String[] args) {
    Program.run(
        "bench " + args[0] + " " + args[1],
        () -> {
          LinkedBlockingQueue<String> commands = readCommands();
          Transport transport = Transport.valueOf(args[1]);
          try (Worker worker = worker(args[0], transport, Path.of(args[2]), args[3])) {
            System.out.println("READY " + worker.address());
            while (true) {
              System.out.println(answer(worker, commands.take()));
            }
          }
        });
  }

  private static Worker worker(String role, Transport transport, Path directory, String address)
      throws Exception {
    if (transport.isNetty()) {
      NettyTransport netty = NettyTransport.of(transport, directory);
      return role.equals("server") ? new NettyServer(netty) : new NettyClient(netty, address);
    }
    if (transport == Transport.MEMCPY) {
      return new MemoryCopy();
    }
    return new RawWorker(RawPipe.open(transport, directory, role.equals("server")));
  }

  private static String answer(Worker worker, String command) {
    try {
      String[] words = command.split(" ", -1);
      Answer answer = words[0].equals("meter") ? ProcessMeter.read() : worker.run(words);
      return "DONE " + answer;
    } catch (Exception e) {
      return "FAILED " + command + ": " + e;
    }
  }

  private static LinkedBlockingQueue<String> readCommands() {
    LinkedBlockingQueue<String> commands = new LinkedBlockingQueue<>();
    Thread.ofPlatform()
        .daemon()
        .name("commands")
        .start(
            () -> {
              try (BufferedReader in =
                  new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                in.lines().forEach(commands::add);
              } catch (IOException e) {
                // the parent is gone
              } finally {
                Runtime.getRuntime().halt(PARENT_IS_GONE);
              }
            });
    return commands;
  }
}
