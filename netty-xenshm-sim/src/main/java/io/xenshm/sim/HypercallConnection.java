package io.xenshm.sim;

import io.xenshm.sim.HypercallHandler.MalformedRequestException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** The host's end of a process's connection. For the host's thread. */
final class HypercallConnection {
  final GuestProcess process;

  private static final int INITIAL_SIZE = 4096;

  private final SocketChannel channel;
  private final HypercallHandler handler;
  private ByteBuffer input = ByteBuffer.allocate(INITIAL_SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private ByteBuffer output = ByteBuffer.allocate(0);
  private boolean hungUp;

  HypercallConnection(SocketChannel channel, GuestProcess process, HypercallHandler handler) {
    this.channel = channel;
    this.process = process;
    this.handler = handler;
  }

  /** Reads what there is, without waiting. */
  void read() throws IOException, MalformedRequestException {
    int room;
    int count;
    do {
      makeRoom();
      room = input.remaining();
      count = channel.read(input);
    } while (count == room);
    hungUp |= count < 0;
  }

  /** Carries out what was read up to the first request that is answered. */
  void handleUnanswered() throws MalformedRequestException {
    for (ByteBuffer request = peek(); request != null; request = peek()) {
      if (HypercallHandler.isAnswered(request)) {
        return;
      }
      handler.handle(process, takeRequest());
    }
  }

  /**
   * Carries out what was read, and sends the replies as far as possible without waiting.
   *
   * @throws IOException if the process hung up
   */
  void handle(SelectionKey key) throws IOException, MalformedRequestException {
    if (output.hasRemaining()) {
      channel.write(output);
    }
    while (!output.hasRemaining() && peek() != null) {
      ByteBuffer reply = handler.handle(process, takeRequest());
      if (reply != null) {
        output = reply;
        channel.write(output);
      }
    }
    if (hungUp) {
      throw new EOFException("the process hung up");
    }
    key.interestOps(output.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
  }

  /** Returns the size of the frame that comes next, as far as that is known. */
  private int nextSize() throws MalformedRequestException {
    int size = input.position() < Integer.BYTES ? Hypercall.HEADER_SIZE : input.getInt(0);
    if (size < Hypercall.HEADER_SIZE || size > Hypercall.MAX_REQUEST_SIZE) {
      throw new MalformedRequestException("a frame of " + size + " bytes");
    }
    return size;
  }

  /** Makes room for the frame that comes next, and for some more in any case. */
  private void makeRoom() throws MalformedRequestException {
    int size = Math.max(nextSize(), input.position() + Hypercall.HEADER_SIZE);
    if (input.capacity() < size) {
      input =
          ByteBuffer.allocate(Math.max(size, 2 * input.capacity()))
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(input.flip());
    }
  }

  /** Returns the next whole frame, at its operation, without taking it; null if there is none. */
  private ByteBuffer peek() throws MalformedRequestException {
    int size = nextSize();
    return input.position() < size
        ? null
        : input.slice(0, size).order(ByteOrder.LITTLE_ENDIAN).position(Integer.BYTES);
  }

  private ByteBuffer takeRequest() throws MalformedRequestException {
    int size = nextSize();
    ByteBuffer request = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    input.flip();
    request.put(input.slice(0, size)).flip().position(Integer.BYTES);
    input.position(size);
    input.compact();
    return request;
  }

  void close() throws IOException {
    channel.close();
  }
}
