package io.xenshm.xenstore;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStoreException.Code;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection to a daemon, opened again where it is lost, and the one thread that reads and
 * writes it. The thread waits in {@code poll(2)} for the connection and for an eventfd, by which
 * submitted requests wake it.
 */
final class XenStoreConnection {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(XenStoreConnection.class);

  private static final long FIRST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final XenStoreEndpoint endpoint;
  private final Listener listener;
  private final long timeoutNanos;
  private final Thread thread;

  private final Object lock = new Object();
  private final ArrayDeque<PendingRequest> queue = new ArrayDeque<>(); // lock
  private boolean closed; // lock
  private int wakeFd; // lock; -1 once the thread ended

  /** Number of the connection that is up, from 1; 0 while there is none. */
  private volatile int epoch;

  // Of the thread alone.
  private final Map<Integer, PendingRequest> outstanding = new LinkedHashMap<>();
  private final FloodBrake brake = new FloodBrake(System.nanoTime());
  private FrameStream stream;
  private Throwable failure; // what the pass before threw
  private int lastEpoch;
  private int nextRequestId;
  private long backoffNanos = FIRST_BACKOFF_NANOS;
  private long reconnectAtNanos;

  /** Told of what the daemon sends by itself, on the connection's thread. */
  interface Listener {
    void watchFired(String token, String path);

    /** The connection is up again; returns what goes first. */
    List<PendingRequest> reconnected();
  }

  XenStoreConnection(XenStoreEndpoint endpoint, Listener listener, long timeoutNanos)
      throws XenException {
    this.endpoint = endpoint;
    this.listener = listener;
    this.timeoutNanos = timeoutNanos;
    try {
      stream = openStream();
    } catch (IOException e) {
      throw new XenException("cannot connect to XenStore: " + e.getMessage(), e);
    }
    try {
      wakeFd = Posix.eventFd();
    } catch (IOException e) {
      stream.close();
      throw new XenException("cannot connect to XenStore: " + e.getMessage(), e);
    }
    lastEpoch = 1;
    epoch = 1;
    thread = new Thread(this::run, "xenstore " + endpoint.name());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Returns the number of the connection that is up; 0 where none is. */
  int epoch() {
    return epoch;
  }

  String name() {
    return endpoint.name();
  }

  int maxPayload() {
    return endpoint.maxFrame() - XenStoreProtocol.HEADER_SIZE;
  }

  void submit(PendingRequest request) {
    boolean accepted;
    synchronized (lock) {
      accepted = !closed && epoch != 0;
      if (accepted) {
        request.deadlineNanos = System.nanoTime() + timeoutNanos;
        boolean first = queue.isEmpty();
        queue.add(request);
        if (first && Thread.currentThread() != thread) {
          wake();
        }
      }
    }
    if (!accepted) {
      request.fail(Code.DISCONNECTED, notConnected());
    }
  }

  /** Drops the connection, to be opened again. On the connection's thread. */
  void drop(String reason) {
    if (stream != null) {
      disconnect(reason);
    }
  }

  void close() {
    synchronized (lock) {
      closed = true;
      wake();
    }
    if (Thread.currentThread() != thread) {
      try {
        thread.join(TimeUnit.NANOSECONDS.toMillis(timeoutNanos));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private String notConnected() {
    return "not connected to " + endpoint.name() + (isClosed() ? ": closed" : "");
  }

  private boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  private void wake() {
    if (wakeFd >= 0) {
      FrameStream.signal(wakeFd);
    }
  }

  private void run() {
    try {
      while (!isClosed()) {
        try {
          pass();
        } catch (Throwable e) {
          failed(e);
        }
      }
      disconnect("closed");
    } finally {
      synchronized (lock) {
        closed = true;
        FrameStream.closeQuietly(wakeFd);
        wakeFd = -1;
      }
    }
  }

  /**
   * Whatever a pass threw, what was on the wire may have lost its answer: the connection is taken
   * as lost, so that all requests end and the next connection begins anew.
   */
  private void failed(Throwable cause) {
    failure = cause;
    try {
      LOGGER.error("XenStore at {}: the connection is opened anew", endpoint.name(), cause);
    } catch (Throwable e) {
      cause.addSuppressed(e); // telling needs memory, which may be what there is none of
    }
  }

  private void pass() throws IOException {
    if (failure != null) {
      // Here and not where it was caught: where this fails too, it is done again.
      LockSupport.parkNanos(backoffNanos);
      disconnect(failure.toString());
      failure = null;
    }
    if (stream == null) {
      connectAgain();
    }
    if (stream != null) {
      writeQueued();
    }
    long pause = outstanding.isEmpty() ? brake.pause(System.nanoTime()) : 0;
    int fd = stream == null || pause > 0 ? -1 : stream.fd(); // poll passes over negative ones
    short[] events = FrameStream.await(waitMillis(pause), fd, wakeFd);
    if (events[1] != 0) {
      FrameStream.drain(wakeFd);
    }
    if (events[0] != 0 && stream != null) {
      readAvailable();
      brake.looked(System.nanoTime(), outstanding.isEmpty() && !hasQueued());
    }
    expireOverdue();
  }

  private void connectAgain() {
    if (System.nanoTime() - reconnectAtNanos < 0) {
      return;
    }
    try {
      stream = openStream();
    } catch (IOException e) {
      LOGGER.debug("XenStore at {} is still away", endpoint.name(), e);
      backOff();
      return;
    }
    LOGGER.info("Connected to XenStore at {} again", endpoint.name());
    synchronized (lock) {
      epoch = ++lastEpoch;
    }
    listener.reconnected().forEach(this::submit);
  }

  private FrameStream openStream() throws IOException {
    return new FrameStream(endpoint.open(), endpoint.maxFrame(), endpoint.maxReplyPayload());
  }

  private void backOff() {
    reconnectAtNanos = System.nanoTime() + backoffNanos;
    backoffNanos = Math.min(2 * backoffNanos, LAST_BACKOFF_NANOS);
  }

  private void writeQueued() {
    while (stream != null && outstanding.size() < endpoint.maxOutstanding()) {
      PendingRequest request;
      synchronized (lock) {
        request = queue.poll();
      }
      if (request == null) {
        return;
      }
      if (request.epoch != PendingRequest.ANY_CONNECTION && request.epoch != epoch) {
        request.fail(Code.DISCONNECTED, "its transaction ended with a lost connection");
      } else {
        write(request);
      }
    }
  }

  private void write(PendingRequest request) {
    int id = ++nextRequestId;
    outstanding.put(id, request);
    try {
      stream.write(new XenStoreFrame(request.type, id, request.transactionId, request.payload));
    } catch (FrameStream.RefusedException e) {
      outstanding.remove(id);
      request.fail(e.code(), e.getMessage());
    } catch (IOException e) {
      disconnect(e.getMessage());
    }
  }

  private void readAvailable() {
    try {
      stream.fill();
      while (stream != null) {
        XenStoreFrame frame = stream.next();
        if (frame == null) {
          return;
        }
        received(frame);
      }
    } catch (IOException e) {
      disconnect(e.getMessage());
    }
  }

  private void received(XenStoreFrame frame) throws XenStoreFrameException {
    backoffNanos = FIRST_BACKOFF_NANOS;
    if (frame.type() == XenStoreProtocol.WATCH_EVENT) {
      List<String> pathAndToken = Payloads.strings(frame.payload());
      if (pathAndToken.size() < 2) {
        throw new XenStoreFrameException("malformed XenStore watch event: no path and token");
      }
      listener.watchFired(pathAndToken.get(1), pathAndToken.get(0));
      return;
    }
    PendingRequest request = outstanding.remove(frame.requestId());
    if (request == null) {
      LOGGER.debug("XenStore at {} answered what nobody asked: {}", endpoint.name(), frame);
    } else if (frame.type() == XenStoreProtocol.ERROR) {
      String error = Payloads.firstString(frame.payload());
      request.fail(Payloads.errorCode(error), error);
    } else if (frame.type() == request.type) {
      request.complete(frame.payload());
    } else {
      outstanding.put(frame.requestId(), request);
      throw new XenStoreFrameException(
          "malformed XenStore reply: "
              + XenStoreProtocol.nameOf(frame.type())
              + " to "
              + XenStoreProtocol.nameOf(request.type));
    }
  }

  private void disconnect(String reason) {
    boolean again;
    synchronized (lock) {
      epoch = 0;
      again = !closed && (failure != null || endpoint.reconnect());
      closed = !again;
    }
    if (stream != null) {
      stream.close();
      stream = null;
    }
    if (again) {
      LOGGER.warn("Lost the connection to XenStore at {}: {}", endpoint.name(), reason);
      backOff();
    }
    String text = "lost the connection to " + endpoint.name() + ": " + reason;
    // Each stays until it has failed: where memory runs out meanwhile, this is done again.
    for (Iterator<PendingRequest> sent = outstanding.values().iterator(); sent.hasNext(); ) {
      sent.next().fail(Code.DISCONNECTED, text);
      sent.remove();
    }
    for (PendingRequest queued = firstQueued(); queued != null; queued = firstQueued()) {
      queued.fail(Code.DISCONNECTED, text);
      synchronized (lock) {
        queue.remove(queued);
      }
    }
  }

  private PendingRequest firstQueued() {
    synchronized (lock) {
      return queue.peek();
    }
  }

  private boolean hasQueued() {
    synchronized (lock) {
      return !queue.isEmpty();
    }
  }

  /** Returns how long to wait in {@code poll(2)}; -1: until something happens. */
  private int waitMillis(long pauseNanos) {
    long now = System.nanoTime();
    long next = stream == null ? reconnectAtNanos - now : Long.MAX_VALUE;
    if (pauseNanos > 0) {
      next = Math.min(next, pauseNanos);
    }
    PendingRequest oldest = oldestWaiting();
    if (oldest != null) {
      next = Math.min(next, oldest.deadlineNanos - now);
    }
    if (next == Long.MAX_VALUE) {
      return -1;
    }
    // Rounded up, or the last millisecond would be spent in a busy loop.
    return (int) Math.max(0, TimeUnit.NANOSECONDS.toMillis(next) + 1);
  }

  /** Requests expire in the order of their submission: all have the same time. */
  private PendingRequest oldestWaiting() {
    for (PendingRequest request : outstanding.values()) {
      if (!request.isExpired()) {
        return request;
      }
    }
    return firstQueued();
  }

  private void expireOverdue() {
    long now = System.nanoTime();
    PendingRequest oldest = oldestWaiting();
    while (oldest != null && oldest.deadlineNanos - now <= 0) {
      // One on the wire keeps its place until it is answered: the daemon still counts it.
      synchronized (lock) {
        queue.remove(oldest);
      }
      oldest.expire(
          "no answer from "
              + endpoint.name()
              + " within "
              + TimeUnit.NANOSECONDS.toMillis(timeoutNanos)
              + " ms; does the daemon run?");
      oldest = oldestWaiting();
    }
  }
}
