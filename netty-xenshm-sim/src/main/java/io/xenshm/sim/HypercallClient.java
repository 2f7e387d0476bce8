package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A process's connection to the host. Its descriptor is not a channel of the JDK's, since an
 * interrupted thread would close that, and with it everything that the process holds.
 *
 * <p>All methods may be called from any thread; a call waits for the one before it.
 */
final class HypercallClient implements AutoCloseable {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(HypercallClient.class);

  private static final ValueLayout.OfInt SIZE =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int REPLY_TIMEOUT_MILLIS = 10_000;
  private static final int CLOSED = -1;

  /** Bytes of the first buffers; they grow where a larger frame comes. */
  private static final int BUFFER_SIZE = 4096;

  private final HostDirectory directory;
  private final int domainId;
  private MemorySegment output = Arena.ofAuto().allocate(BUFFER_SIZE);
  private MemorySegment input = Arena.ofAuto().allocate(BUFFER_SIZE);
  private int fileDescriptor;

  private HypercallClient(HostDirectory directory, int domainId, int fileDescriptor) {
    this.directory = directory;
    this.domainId = domainId;
    this.fileDescriptor = fileDescriptor;
  }

  /** Connects as a process of a domain. */
  static HypercallClient connect(HostDirectory directory, int domainId) throws XenException {
    directory.checkDomain(domainId);
    int fileDescriptor;
    try {
      fileDescriptor = Posix.connectUnix(directory.hypercallSocket(domainId).toString());
    } catch (PosixException e) {
      throw e.errno() == Posix.ECONNREFUSED || e.errno() == Posix.ENOENT
          ? directory.notRunning(e)
          : new XenException("cannot reach the simulated Xen host: " + e.getMessage(), e);
    }
    HypercallClient client = new HypercallClient(directory, domainId, fileDescriptor);
    try {
      client.limitWaiting();
      client.call(Hypercall.HELLO.request(Integer.BYTES).putInt(Hypercall.VERSION));
      return client;
    } catch (XenException e) {
      client.close();
      throw e;
    }
  }

  private void limitWaiting() throws XenException {
    try {
      Posix.setReceiveTimeout(fileDescriptor, REPLY_TIMEOUT_MILLIS);
    } catch (PosixException e) {
      throw lost(e);
    }
  }

  /**
   * Has the host carry out a request that is answered.
   *
   * @param request not yet finished
   * @return the results
   */
  synchronized ByteBuffer call(ByteBuffer request) throws XenException {
    post(request);
    ByteBuffer reply;
    try {
      reply = receive();
    } catch (PosixException e) {
      close();
      throw lost(e);
    }
    int status = reply.getInt();
    if (status == Hypercall.DONE) {
      return reply;
    }
    String message = StandardCharsets.UTF_8.decode(reply).toString();
    throw status == Hypercall.OVER_LIMIT
        ? new XenLimitException(message)
        : new XenException(message);
  }

  /**
   * Has the host carry out a request that is not answered.
   *
   * @param request not yet finished
   */
  synchronized void post(ByteBuffer request) throws XenException {
    if (fileDescriptor == CLOSED) {
      throw lost(null);
    }
    try {
      send(Hypercall.finish(request));
    } catch (PosixException e) {
      close();
      throw lost(e);
    }
  }

  /** Says whether calls can succeed. */
  synchronized boolean isConnected() {
    return fileDescriptor != CLOSED;
  }

  private void send(ByteBuffer frame) throws PosixException {
    int size = frame.remaining();
    if (output.byteSize() < size) {
      output = Arena.ofAuto().allocate(size);
    }
    MemorySegment.copy(MemorySegment.ofBuffer(frame), 0, output, 0, size);
    int sent = 0;
    while (sent < size) {
      try {
        sent += Posix.write(fileDescriptor, output.asSlice(sent, size - sent));
      } catch (PosixException e) {
        if (e.errno() != Posix.EINTR) {
          throw e;
        }
      }
    }
  }

  /** Returns the one reply that is to come, at its status. */
  private ByteBuffer receive() throws PosixException, XenException {
    int received = fill(0);
    while (received < Integer.BYTES) {
      received += fill(received);
    }
    int size = input.get(SIZE, 0);
    if (size < Hypercall.HEADER_SIZE || size > Hypercall.MAX_REPLY_SIZE || size < received) {
      close();
      throw lost(null);
    }
    if (input.byteSize() < size) {
      input = Arena.ofAuto().allocate(size).copyFrom(input);
    }
    while (received < size) {
      received += fill(received);
    }
    byte[] reply = input.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
    return ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN).position(Integer.BYTES);
  }

  private int fill(int offset) throws PosixException, XenException {
    while (true) {
      try {
        int count = Posix.read(fileDescriptor, input.asSlice(offset));
        if (count == 0) {
          close();
          throw lost(null);
        }
        return count;
      } catch (PosixException e) {
        if (e.errno() != Posix.EINTR) {
          throw e;
        }
      }
    }
  }

  private XenException lost(Throwable cause) {
    return new XenException(
        "domain "
            + domainId
            + " lost the simulated Xen host in "
            + directory.root()
            + ": the host stopped, or the domain was destroyed; start the host again with: "
            + "xenshm sim "
            + directory.root()
            + " --domains 2, then this process",
        cause);
  }

  /** Hangs up, which is this process's end to the host. */
  @Override
  public synchronized void close() {
    if (fileDescriptor == CLOSED) {
      return;
    }
    try {
      Posix.close(fileDescriptor);
    } catch (PosixException e) {
      LOGGER.warn("closing the connection to the simulated host", e);
    }
    fileDescriptor = CLOSED;
  }
}
