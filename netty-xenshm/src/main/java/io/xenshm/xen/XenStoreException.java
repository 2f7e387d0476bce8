package io.xenshm.xen;

/** An operation that XenStore refused, or that got no answer. */
public final class XenStoreException extends XenException {
  private static final long serialVersionUID = 1L;

  /**
   * What XenStore calls the error, by the names of its wire protocol (io/xs_wire.h, {@code
   * xsd_errors}).
   */
  public enum Code {
    /** A malformed request. */
    EINVAL,
    /** No permission. */
    EACCES,
    /** The node is there already. */
    EEXIST,
    /** The path is a directory's. */
    EISDIR,
    /** No such node. */
    ENOENT,
    /** The daemon is out of memory. */
    ENOMEM,
    /** A quota is reached. */
    ENOSPC,
    /** The daemon failed. */
    EIO,
    /** The directory is not empty. */
    ENOTEMPTY,
    /** An unknown operation. */
    ENOSYS,
    /** The daemon is read-only. */
    EROFS,
    /** Too many transactions. */
    EBUSY,
    /** A transaction conflicts with another; it may be tried again. */
    EAGAIN,
    /** There is such a connection already. */
    EISCONN,
    /** The value or the list is too large; also: too many watches. */
    E2BIG,
    /** A quota is reached, as oxenstored says it. */
    EQUOTA,
    /** Not permitted. */
    EPERM,
    /** No answer from the daemon in time. */
    TIMEOUT,
    /** The connection to the daemon is gone. */
    DISCONNECTED
  }

  private final Code code;

  /** Creates an exception for an error, with a message that names operation and path. */
  public XenStoreException(Code code, String message) {
    super(message);
    this.code = code;
  }

  /** Returns what XenStore calls the error. */
  public Code code() {
    return code;
  }
}
