package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What one process of a guest has open. May be used from any thread. */
final class SimulatedProcess {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(SimulatedProcess.class);

  private final HostDirectory directory;
  private final HypercallClient host;
  private final PortTables portTables;
  private final Doorbells doorbells;
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
  private volatile int domainId;
  private volatile boolean dead;

  SimulatedProcess(HostDirectory directory, int domainId, HypercallClient host) {
    this.directory = directory;
    this.domainId = domainId;
    this.host = host;
    this.portTables = new PortTables(directory);
    this.doorbells = new Doorbells(directory);
  }

  HostDirectory directory() {
    return directory;
  }

  int domainId() {
    return domainId;
  }

  PortTables portTables() {
    return portTables;
  }

  /** Doorbells of peers. */
  Doorbells doorbells() {
    return doorbells;
  }

  /** Whether the process crashed: it must have no effect on others any more. */
  boolean isDead() {
    return dead;
  }

  ByteBuffer call(ByteBuffer request) throws XenException {
    return host.call(request);
  }

  /** Has the host do what it does not answer. */
  void post(ByteBuffer request) throws XenException {
    host.post(request);
  }

  /**
   * Asks the host for the number of this process's domain.
   *
   * @return -1 where the host is lost
   */
  int askDomainId() {
    try {
      return call(Hypercall.HELLO.request(Integer.BYTES).putInt(Hypercall.VERSION)).getInt();
    } catch (XenException e) {
      LOGGER.debug("the host of before is lost", e);
      return -1;
    }
  }

  /** The domain was suspended and resumed with another number: it shares no page any more. */
  void resumed(int newDomainId) {
    domainId = newDomainId;
    for (AutoCloseable resource : open) {
      if (resource instanceof SimulatedPages pages) {
        pages.endSharing();
      }
    }
  }

  /**
   * Has the host give something back, without waiting for it. Returns false where the host is lost,
   * which then has nothing of it any more.
   */
  boolean giveBack(ByteBuffer request) {
    try {
      host.post(request);
      return true;
    } catch (XenException e) {
      LOGGER.debug("the host is not told of a close", e);
      return false;
    }
  }

  /** Has the host close event channels; where the host is lost, it has none. */
  void closeChannels(int doorbell) {
    try {
      host.call(Hypercall.CLOSE_CHANNELS.request(Integer.BYTES).putInt(doorbell));
    } catch (XenException e) {
      LOGGER.debug("the host is not told of a close", e);
    }
  }

  void opened(AutoCloseable resource) {
    open.add(resource);
  }

  void closed(AutoCloseable resource) {
    open.remove(resource);
  }

  void die() {
    dead = true;
    host.close();
  }

  /** Closes everything, the pages first, as a kernel does. */
  void close() {
    open.stream().filter(SimulatedPages.class::isInstance).forEach(SimulatedProcess::close);
    open.forEach(SimulatedProcess::close);
    host.close();
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      LOGGER.warn("closing {}", resource, e);
    }
  }
}
