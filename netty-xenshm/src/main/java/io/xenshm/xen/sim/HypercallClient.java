package io.xenshm.xen.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.lang.foreign.MemorySegment;
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

  private static final int REPLY_TIMEOUT_MILLIS = 10_000;
  private static final int CLOSED = -1;

  private final HostDirectory directory;
  private final int domainId;
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
      client.call(Hypercall.HELLO.request(Integer.BYTES).putInt(Hypercall.VERSION));
      return client;
    } catch (XenException e) {
      client.close();
      throw e;
    }
  }

  /**
   * Has the host carry out a request.
   *
   * @param request not yet finished
   * @return the results
   */
  synchronized ByteBuffer call(ByteBuffer request) throws XenException {
    if (fileDescriptor == CLOSED) {
      throw lost(null);
    }
    ByteBuffer reply;
    try {
      send(Hypercall.finish(request));
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

  /** Says whether calls can succeed. */
  synchronized boolean isConnected() {
    return fileDescriptor != CLOSED;
  }

  private void send(ByteBuffer frame) throws PosixException {
    MemorySegment rest = MemorySegment.ofBuffer(frame);
    while (rest.byteSize() > 0) {
      rest = rest.asSlice(Posix.write(fileDescriptor, rest));
    }
  }

  private ByteBuffer receive() throws PosixException, XenException {
    int size = receive(Integer.BYTES).getInt();
    if (size < Hypercall.HEADER_SIZE || size > Hypercall.MAX_REPLY_SIZE) {
      close();
      throw lost(null);
    }
    return receive(size - Integer.BYTES);
  }

  private ByteBuffer receive(int size) throws PosixException, XenException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
    MemorySegment rest = MemorySegment.ofBuffer(buffer);
    while (rest.byteSize() > 0) {
      int count = isReadable() ? Posix.read(fileDescriptor, rest) : 0;
      if (count == 0) {
        close();
        throw lost(null);
      }
      rest = rest.asSlice(count);
    }
    return buffer;
  }

  private boolean isReadable() throws PosixException {
    while (true) {
      try {
        return Posix.poll(REPLY_TIMEOUT_MILLIS, fileDescriptor)[0] != 0;
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
