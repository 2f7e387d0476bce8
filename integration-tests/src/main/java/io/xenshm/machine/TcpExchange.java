package io.xenshm.machine;

import io.xenshm.xen.contract.Exchange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Messages of the two roles as lines over the guests' network. */
final class TcpExchange implements Exchange {
  private static final int PORT = 4601;
  private static final String LOST = "\0";

  private final Socket socket;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private TcpExchange(Socket socket) {
    this.socket = socket;
    Thread reader = new Thread(this::read, "exchange");
    reader.setDaemon(true);
    reader.start();
  }

  /** The guest with the lower number listens. */
  static TcpExchange between(int own, int peer) throws IOException {
    if (own < peer) {
      try (ServerSocket server = new ServerSocket(PORT)) {
        return new TcpExchange(server.accept());
      }
    }
    return new TcpExchange(Control.connectTo(peer, PORT));
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      System.out.println("the other guest is lost: " + e);
    }
    lines.add(LOST);
  }

  @Override
  public void send(String message) throws IOException {
    socket.getOutputStream().write((message + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String receive(long timeoutMillis) throws IOException, InterruptedException {
    String line = lines.poll(timeoutMillis, TimeUnit.MILLISECONDS);
    if (LOST.equals(line)) {
      lines.add(LOST);
      throw new IOException("the connection to the other guest ended");
    }
    return line;
  }
}
