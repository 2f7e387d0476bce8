package io.xenshm.bench.worker;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** Agrona's ring of messages, one in each direction, in a mapped file. */
final class AgronaPipe implements RawPipe {
  /** A message may have an eighth of it. */
  private static final int CAPACITY = 2 << 20;

  private static final int RING_BYTES = CAPACITY + RingBufferDescriptor.TRAILER_LENGTH;
  private static final int MAX_MESSAGE = 128 * 1024;
  private static final int TYPE = 1;

  private final MappedByteBuffer mapped;
  private final OneToOneRingBuffer outgoing;
  private final OneToOneRingBuffer incoming;
  private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(MAX_MESSAGE));
  private final ByteBuffer taken = ByteBuffer.allocateDirect(MAX_MESSAGE);
  private final MessageHandler taker = this::take;
  private int received;

  AgronaPipe(Path file, boolean server) throws IOException {
    try (FileChannel channel = FileChannel.open(file, CREATE, READ, WRITE)) {
      mapped = channel.map(MapMode.READ_WRITE, 0, 2L * RING_BYTES);
    }
    outgoing = ring(server ? RING_BYTES : 0);
    incoming = ring(server ? 0 : RING_BYTES);
  }

  private OneToOneRingBuffer ring(int offset) {
    return new OneToOneRingBuffer(new UnsafeBuffer(mapped, offset, RING_BYTES));
  }

  @Override
  public int send(int length) {
    return outgoing.write(TYPE, message, 0, length) ? length : 0;
  }

  @Override
  public int receive() {
    received = 0;
    incoming.read(taker);
    return received;
  }

  private void take(int type, MutableDirectBuffer buffer, int index, int length) {
    buffer.getBytes(index, taken, 0, length);
    received += length;
  }

  @Override
  public void close() {}
}
