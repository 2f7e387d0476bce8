package io.xenshm.xen.contract;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.Xen;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One role's view of a scenario: its domain, and the other role. Each wait ends after a generous
 * time, or as soon as the other role fails. For one thread.
 */
public final class Side {
  /** Seconds that a wait may take. Raise it on slow machines. */
  private static final long TIMEOUT_NANOS =
      TimeUnit.SECONDS.toNanos(Long.getLong("xenshm.contract.timeoutSeconds", 30));

  private static final int SLICE_MILLIS = 20;
  private static final long MIN_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final String FAILED = "failed";
  private static final String SEPARATOR = "|";

  private final String scenario;
  private final Xen xen;
  private final int peerDomain;
  private final Exchange exchange;
  private final Map<String, String> received = new HashMap<>();

  Side(String scenario, Xen xen, int peerDomain, Exchange exchange) {
    this.scenario = scenario;
    this.xen = xen;
    this.peerDomain = peerDomain;
    this.exchange = exchange;
  }

  /** Returns this role's access to Xen. */
  public Xen xen() {
    return xen;
  }

  /** Returns this role's domain. */
  public int ownDomain() {
    return xen.domainId();
  }

  /** Returns the other role's domain. */
  public int peerDomain() {
    return peerDomain;
  }

  /** Tells the other role something. Each key is used once a scenario and role. */
  public void send(String key, String value) throws Exception {
    exchange.send(scenario + SEPARATOR + key + SEPARATOR + value);
  }

  /** Tells the other role numbers. */
  public void send(String key, int... values) throws Exception {
    send(key, Arrays.toString(values).replaceAll("[\\[\\] ]", ""));
  }

  /** Waits for what the other role says. */
  public String receive(String key) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT_NANOS;
    while (!received.containsKey(key)) {
      take(SLICE_MILLIS);
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("the other role did not say '" + key + "' in time");
      }
    }
    return received.remove(key);
  }

  /** Waits for numbers. */
  public int[] receiveInts(String key) throws Exception {
    return Arrays.stream(receive(key).split(",")).mapToInt(Integer::parseInt).toArray();
  }

  /** Waits for a number. */
  public int receiveInt(String key) throws Exception {
    return receiveInts(key)[0];
  }

  /** Waits until both roles are here. */
  public void meet(String where) throws Exception {
    send(where, "here");
    receive(where);
  }

  /** Waits for an event on a port and takes it; the port is masked then. */
  public void awaitEvent(EventChannels channels, int port) throws Exception {
    int[] ports = new int[1];
    await(
        "an event on port " + port,
        () -> {
          Posix.poll(SLICE_MILLIS, channels.fileDescriptor());
          return channels.poll(ports) == 1 && ports[0] == port;
        });
  }

  /** Waits for an event on a port, takes it and unmasks the port. */
  public void awaitAndUnmask(EventChannels channels, int port) throws Exception {
    awaitEvent(channels, port);
    channels.unmask(new int[] {port}, 1);
  }

  /** Waits until something is so. */
  public void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT_NANOS;
    long pauseNanos = MIN_PAUSE_NANOS;
    while (!condition.call()) {
      take(0);
      LockSupport.parkNanos(pauseNanos);
      // The other role may need this processor.
      pauseNanos = Math.min(2 * pauseNanos, MAX_PAUSE_NANOS);
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("did not come in time: " + what);
      }
    }
  }

  /** Ends the other role's waits with an error. */
  void fail(Throwable reason) throws Exception {
    send(FAILED, String.valueOf(reason).replaceAll("\\s+", " "));
  }

  private void take(long timeoutMillis) throws Exception {
    String message = exchange.receive(timeoutMillis);
    if (message == null) {
      return;
    }
    String[] parts = message.split("\\" + SEPARATOR, 3);
    if (!parts[0].equals(scenario)) {
      return;
    }
    if (parts[1].equals(FAILED)) {
      throw new PeerFailedException(parts[2]);
    }
    received.put(parts[1], parts[2]);
  }

  /** The other role failed; what it says is the cause. */
  public static final class PeerFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    PeerFailedException(String reason) {
      super("the other role failed: " + reason);
    }
  }
}
