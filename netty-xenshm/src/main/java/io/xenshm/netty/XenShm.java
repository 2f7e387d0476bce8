package io.xenshm.netty;

import io.netty.util.internal.SystemPropertyUtil;
import io.netty.util.internal.logging.InternalLogLevel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import io.xenshm.xen.XenException;

/**
 * Tells whether this process can use Xen shared memory.
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
      if (cause != null) {
        // no more than debug where nobody asked for Xen: most machines are no guests of it
        logger.log(
            setting().equals(XenBackEnds.AUTO) ? InternalLogLevel.DEBUG : InternalLogLevel.WARN,
            "Xen is not available, connections are TCP: {}",
            cause.getMessage());
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

  static Xen defaultXen() {
    ensureAvailability();
    return Default.XEN;
  }
}
