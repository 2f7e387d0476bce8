package io.xenshm.machine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The client's end of the server's control connection. */
final class Control implements AutoCloseable {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(600);
  private static final int CONNECT_MILLIS = 5_000;

  private final Socket socket;

  private Control(Socket socket) {
    this.socket = socket;
  }

  static Control connect() throws IOException {
    return new Control(connectTo(Ports.SERVER_GUEST, Ports.CONTROL));
  }

  /** Connects to a port of a guest, as soon as somebody listens there. */
  static Socket connectTo(int guest, int port) throws IOException {
    return connectTo(Ports.addressOfGuest(guest), port);
  }

  /** Connects to a port of an address, as soon as somebody listens there. */
  static Socket connectTo(String address, int port) throws IOException {
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (true) {
      Socket socket = new Socket();
      try {
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(address, port), CONNECT_MILLIS);
        return socket;
      } catch (IOException e) {
        socket.close();
        if (System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
      }
    }
  }

  void say(String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Says a line, and waits for the answer. */
  String ask(String line) throws IOException {
    say(line);
    // One line is all that comes: a reader may take more than it.
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
        .readLine();
  }

  /**
   * Waits until the server's process has ended: its sockets end in their order, so that nobody
   * listens any more then.
   */
  void awaitEnd() throws IOException {
    try {
      int more = socket.getInputStream().read();
      Report.require(more < 0, "the server says more: " + more);
    } catch (SocketException e) {
      Report.require(!socket.isClosed(), "closed by this side");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
