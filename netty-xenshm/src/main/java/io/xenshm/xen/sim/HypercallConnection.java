package io.xenshm.xen.sim;

import io.xenshm.xen.sim.HypercallHandler.MalformedRequestException;
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

  HypercallConnection(SocketChannel channel, GuestProcess process, HypercallHandler handler) {
    this.channel = channel;
    this.process = process;
    this.handler = handler;
  }

  /**
   * Goes on as far as possible without waiting.
   *
   * @throws IOException if the process hung up
   */
  void advance(SelectionKey key) throws IOException, MalformedRequestException {
    if (output.hasRemaining()) {
      channel.write(output);
    }
    while (!output.hasRemaining()) {
      ByteBuffer request = nextRequest();
      if (request == null) {
        break;
      }
      output = handler.handle(process, request);
      channel.write(output);
    }
    key.interestOps(output.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
  }

  /** Returns the next whole frame, at its operation; null if it is not there yet. */
  private ByteBuffer nextRequest() throws IOException, MalformedRequestException {
    while (true) {
      int size = input.position() < Integer.BYTES ? Hypercall.HEADER_SIZE : input.getInt(0);
      if (size < Hypercall.HEADER_SIZE || size > Hypercall.MAX_REQUEST_SIZE) {
        throw new MalformedRequestException("a frame of " + size + " bytes");
      }
      if (input.position() >= size) {
        return takeRequest(size);
      }
      if (input.capacity() < size) {
        input = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).put(input.flip());
      }
      int count = channel.read(input);
      if (count < 0) {
        throw new EOFException("the process hung up");
      }
      if (count == 0) {
        return null;
      }
    }
  }

  private ByteBuffer takeRequest(int size) {
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
