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
