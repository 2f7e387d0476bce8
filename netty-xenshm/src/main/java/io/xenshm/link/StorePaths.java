package io.xenshm.link;

/**
 * The library's nodes in XenStore.
 *
 * <pre>
 * /local/domain/S/data/xenshm/listen/PORT/PROCESS               a listener of server domain S
 * /local/domain/S/data/xenshm/listen/datagram-PORT/PROCESS      one for datagrams
 * /local/domain/C/data/xenshm/to/S/PROCESS-SERIAL   an offer of client domain C to server domain S
 * /local/domain/N/data/xenshm/process/PROCESS       a process of domain N: its witness
 * </pre>
 */
final class StorePaths {
  static final String ALL_DOMAINS = "/local/domain";

  private static final String ROOT = "/data/xenshm";
  private static final String OFFERS = ROOT + "/to";
  private static final int MAX_DIGITS = 5;
  private static final int PROCESS_LENGTH = 16;
  private static final int MAX_SERIAL_LENGTH = 8;

  private StorePaths() {}

  /** Returns the directory of a domain's listeners. It goes only when the domain goes. */
  static String listeners(int domain) {
    return ALL_DOMAINS + '/' + domain + ROOT + "/listen";
  }

  static String listeners(int domain, ListenerPort port) {
    return listeners(domain) + '/' + port.nodeName();
  }

  static String listener(int domain, ListenerPort port, String process) {
    return listeners(domain, port) + '/' + process;
  }

  /** Returns the directory of all offers of a domain. */
  static String offers(int client) {
    return ALL_DOMAINS + '/' + client + OFFERS;
  }

  /**
   * Returns the directory of a domain's offers to one server. It goes only when the client's domain
   * goes.
   */
  static String offers(int client, int server) {
    return offers(client) + '/' + server;
  }

  /** Returns the directory of this domain's processes, as a relative path. */
  static String processes() {
    return "data/xenshm/process";
  }

  /** Returns the witness of a process of this domain, as a relative path. */
  static String process(String process) {
    return processes() + '/' + process;
  }

  static String offer(int client, int server, String process, int serial) {
    return offers(client, server) + '/' + process + '-' + Integer.toHexString(serial);
  }

  /**
   * Returns the client's domain if the path is that of an offer to {@code server}, and -1
   * otherwise.
   */
  static int clientOfOffer(String path, int server) {
    int start = ALL_DOMAINS.length() + 1;
    int end = path.indexOf('/', start);
    if (!path.startsWith(ALL_DOMAINS + '/') || !path.startsWith(OFFERS + '/', end)) {
      return -1;
    }
    int serverStart = end + OFFERS.length() + 1;
    int serverEnd = path.indexOf('/', serverStart);
    return isOfferName(path, serverEnd + 1) && number(path, serverStart, serverEnd) == server
        ? number(path, start, end)
        : -1;
  }

  /** Returns -1 for what is no domain's number. By hand: a flood of offers comes through here. */
  private static int number(String path, int start, int end) {
    int length = end - start;
    if (length < 1 || length > MAX_DIGITS) {
      return -1;
    }
    int value = 0;
    for (int i = start; i < end; i++) {
      char digit = path.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      value = 10 * value + digit - '0';
    }
    return value;
  }

  private static boolean isOfferName(String path, int start) {
    int dash = start + PROCESS_LENGTH;
    int serialLength = path.length() - dash - 1;
    return serialLength >= 1
        && serialLength <= MAX_SERIAL_LENGTH
        && path.charAt(dash) == '-'
        && isHex(path, start, dash)
        && isHex(path, dash + 1, path.length());
  }

  private static boolean isHex(String path, int start, int end) {
    for (int i = start; i < end; i++) {
      char digit = path.charAt(i);
      if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
        return false;
      }
    }
    return true;
  }
}
