package io.xenshm.netty;

import io.netty.channel.ConnectTimeoutException;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.link.NoLinkException;
import io.xenshm.xen.XenLimitException;
import io.xenshm.xen.XenStoreException;

/** Says why there is no shared memory, by what came of the lookup or the handshake. */
final class PathReasons {
  private PathReasons() {}

  static XenShmPathReason of(Outcome outcome) {
    return switch (outcome) {
      case CO_RESIDENT -> XenShmPathReason.CO_RESIDENT;
      case NOT_CO_RESIDENT -> XenShmPathReason.NOT_CO_RESIDENT;
      case OWN_DOMAIN -> XenShmPathReason.OWN_DOMAIN;
      case AMBIGUOUS -> XenShmPathReason.AMBIGUOUS;
      case NO_TABLE -> XenShmPathReason.NO_TABLE;
      case UNKNOWN -> XenShmPathReason.XENSTORE_UNAVAILABLE;
    };
  }

  static XenShmPathReason of(Throwable cause) {
    if (cause instanceof NoLinkException none) {
      return of(none.reason());
    }
    if (cause instanceof XenStoreException store) {
      return of(store.code());
    }
    if (cause instanceof XenLimitException) {
      return XenShmPathReason.QUOTA;
    }
    return cause instanceof ConnectTimeoutException
        ? XenShmPathReason.TIMED_OUT
        : XenShmPathReason.FAILED;
  }

  /** Says why, by the limit or whatever it was, and what to do; for a log or an exception. */
  static String explain(XenShmPathReason reason, Throwable cause) {
    String why = cause == null ? "" : ": " + cause.getMessage();
    String step = reason.nextStep() == null ? "" : "; next: " + reason.nextStep();
    return reason.text() + why + step;
  }

  /**
   * Warns where a reason makes connections slower; others are as they should be, and told by
   * debug's log only.
   *
   * @param peer a domain's number, or an address where the domain is not known
   * @param what happens instead of shared memory
   */
  static void warn(
      XenShmLoop loop, Object peer, String what, XenShmPathReason reason, Throwable cause) {
    if (reason.nextStep() != null && loop.hasXen()) {
      warn(loop, peer, what, kind(reason, cause), explain(reason, cause));
    }
  }

  /** Warns that a domain's connections are refused shared memory. */
  static void warnOfRefusal(XenShmLoop loop, int domain, String what, String why) {
    warn(loop, domain, what, withoutNumbers(why), why);
  }

  private static void warn(XenShmLoop loop, Object peer, String what, String kind, String why) {
    String where = peer instanceof Integer domain ? "domain " + domain : peer.toString();
    loop.domain()
        .links()
        .warnings()
        .warn(peer, what + '/' + kind, where + ": " + what + ": " + why);
  }

  private static String kind(XenShmPathReason reason, Throwable cause) {
    if (cause instanceof XenStoreException store) {
      return reason + "/" + store.code();
    }
    return cause instanceof XenLimitException || cause instanceof NoLinkException
        ? reason + "/" + withoutNumbers(cause.getMessage())
        : reason.toString();
  }

  /** Of several limits each is told, whatever the numbers in its message are. */
  private static String withoutNumbers(String text) {
    return text.replaceAll("\\d+", "#");
  }

  private static XenShmPathReason of(NoLinkException.Reason reason) {
    return switch (reason) {
      case NO_LISTENER -> XenShmPathReason.NO_LISTENER;
      case VERSION_MISMATCH -> XenShmPathReason.VERSION_MISMATCH;
      case REFUSED -> XenShmPathReason.REFUSED;
      case OWN_DOMAIN -> XenShmPathReason.OWN_DOMAIN;
    };
  }

  private static XenShmPathReason of(XenStoreException.Code code) {
    return switch (code) {
      case ENOSPC, EQUOTA, E2BIG -> XenShmPathReason.QUOTA;
      case TIMEOUT, DISCONNECTED -> XenShmPathReason.XENSTORE_UNAVAILABLE;
      default -> XenShmPathReason.FAILED;
    };
  }
}
