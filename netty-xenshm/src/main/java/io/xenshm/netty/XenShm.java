package io.xenshm.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.util.internal.SystemPropertyUtil;
import io.netty.util.internal.logging.InternalLogLevel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import io.xenshm.xen.XenException;

/**
 * Tells whether this process can use Xen shared memory, and switches bootstraps to it.
 *
 * <p>The back end is chosen by the system property {@code xenshm.xen} or, where that is not set, by
 * the environment variable {@code XENSHM_XEN}: {@code auto} (the default), {@code linux} or {@code
 * sim:DIR}.
 */
public final class XenShm {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(XenShm.class);

  private static final class Default {
    static final Xen XEN;
    static final Throwable CAUSE;

    static {
      Xen xen = null;
      Throwable cause = null;
      try {
        xen = XenBackEnds.open(setting());
      } catch (XenException | LinkageError e) {
        cause = e;
      }
      XEN = xen;
      CAUSE = cause;
    }

    private static String setting() {
      String variable = System.getenv("XENSHM_XEN");
      String otherwise = variable == null || variable.isEmpty() ? XenBackEnds.AUTO : variable;
      return SystemPropertyUtil.get("xenshm.xen", otherwise);
    }
  }

  private XenShm() {}

  /** Returns whether the back end is there and can be used. */
  public static boolean isAvailable() {
    return Default.XEN != null;
  }

  /** Returns why the back end cannot be used; {@code null} where it can. */
  public static Throwable unavailabilityCause() {
    return Default.CAUSE;
  }

  /**
   * Does nothing where the back end can be used.
   *
   * @throws UnsatisfiedLinkError with {@link #unavailabilityCause()} as its cause where it cannot
   */
  public static void ensureAvailability() {
    if (Default.CAUSE != null) {
      UnsatisfiedLinkError error =
          new UnsatisfiedLinkError(
              "Xen shared memory is not available: " + Default.CAUSE.getMessage());
      error.initCause(Default.CAUSE);
      throw error;
    }
  }

  /**
   * Has a client's channels take shared memory where the peer is a guest of this host, and TCP
   * otherwise.
   *
   * @param bootstrap one that has its group; its channel class is set here
   * @return the same bootstrap
   * @throws IllegalStateException if it has no group, one whose event loops cannot carry these
   *     channels, or a channel class already; the message says what to change
   */
  public static Bootstrap configure(Bootstrap bootstrap) {
    Bootstraps.check("group", bootstrap.config().group());
    return Bootstraps.set(bootstrap, XenShmSocketChannel::new, XenShmSocketChannel.class);
  }

  /**
   * Has a listener take connections by TCP and, from guests of this host, by shared memory.
   *
   * @param bootstrap one that has its groups; its channel class is set here
   * @return the same bootstrap
   * @throws IllegalStateException if it has no group, one whose event loops cannot carry these
   *     channels, or a channel class already; the message says what to change
   */
  public static ServerBootstrap configure(ServerBootstrap bootstrap) {
    Bootstraps.check("group", bootstrap.config().group());
    Bootstraps.check("childGroup", bootstrap.config().childGroup());
    return Bootstraps.set(
        bootstrap, XenShmServerSocketChannel::new, XenShmServerSocketChannel.class);
  }

  /** Tells the log that event loops do without Xen. */
  static void logUnavailability() {
    // no more than debug where nobody asked for Xen: most machines are no guests of it
    logger.log(
        Default.setting().equals(XenBackEnds.AUTO) ? InternalLogLevel.DEBUG : InternalLogLevel.WARN,
        "Xen is not available, connections are TCP: {}",
        Default.CAUSE.getMessage());
  }

  static Xen defaultXen() {
    ensureAvailability();
    return Default.XEN;
  }
}
