package io.xenshm.xenstore;

/** Numbers of XenStore's wire protocol, from Xen's {@code io/xs_wire.h}. */
public final class XenStoreProtocol {
  /** Bytes of a frame's header. */
  public static final int HEADER_SIZE = 16;

  /** Largest payload of a frame, in bytes: {@code XENSTORE_PAYLOAD_MAX}. */
  public static final int MAX_PAYLOAD = 4096;

  /**
   * Largest payload of a reply that is accepted on a daemon's Unix socket, in bytes. oxenstored
   * keeps to {@link #MAX_PAYLOAD} towards guests only (its {@code connection.ml}): on its socket, a
   * list of any length comes in one frame. The C daemon answers {@code E2BIG}, and has {@link
   * #DIRECTORY_PART}. The bound is ours: a guest that fills its quota of 1000 nodes with names of
   * the greatest length gets to 3 MB.
   */
  public static final int MAX_SOCKET_REPLY = 1 << 22;

  /** Longest absolute path, in bytes: {@code XENSTORE_ABS_PATH_MAX}. */
  public static final int MAX_ABSOLUTE_PATH = 3072;

  /** Longest relative path, in bytes: {@code XENSTORE_REL_PATH_MAX}. */
  public static final int MAX_RELATIVE_PATH = 2048;

  /** The transaction number of what is outside of transactions. */
  public static final int NO_TRANSACTION = 0;

  public static final int DIRECTORY = 1;
  public static final int READ = 2;
  public static final int GET_PERMS = 3;
  public static final int WATCH = 4;
  public static final int UNWATCH = 5;
  public static final int TRANSACTION_START = 6;
  public static final int TRANSACTION_END = 7;
  public static final int GET_DOMAIN_PATH = 10;
  public static final int WRITE = 11;
  public static final int MKDIR = 12;
  public static final int RM = 13;
  public static final int SET_PERMS = 14;
  public static final int WATCH_EVENT = 15;
  public static final int ERROR = 16;
  public static final int IS_DOMAIN_INTRODUCED = 17;
  public static final int RESET_WATCHES = 21;
  public static final int DIRECTORY_PART = 22;

  private XenStoreProtocol() {}

  /** Returns a message type's name, for messages to people. */
  public static String nameOf(int type) {
    return switch (type) {
      case DIRECTORY -> "DIRECTORY";
      case READ -> "READ";
      case GET_PERMS -> "GET_PERMS";
      case WATCH -> "WATCH";
      case UNWATCH -> "UNWATCH";
      case TRANSACTION_START -> "TRANSACTION_START";
      case TRANSACTION_END -> "TRANSACTION_END";
      case GET_DOMAIN_PATH -> "GET_DOMAIN_PATH";
      case WRITE -> "WRITE";
      case MKDIR -> "MKDIR";
      case RM -> "RM";
      case SET_PERMS -> "SET_PERMS";
      case WATCH_EVENT -> "WATCH_EVENT";
      case ERROR -> "ERROR";
      case IS_DOMAIN_INTRODUCED -> "IS_DOMAIN_INTRODUCED";
      case RESET_WATCHES -> "RESET_WATCHES";
      case DIRECTORY_PART -> "DIRECTORY_PART";
      default -> "type " + Integer.toUnsignedString(type);
    };
  }
}
