package io.xenshm.link;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
  private static final Pattern OFFER =
      Pattern.compile(
          "/local/domain/(\\d{1,5})/data/xenshm/to/(\\d{1,5})/[0-9a-f]{16}-[0-9a-f]{1,8}");

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
    return ALL_DOMAINS + '/' + client + ROOT + "/to";
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
    Matcher matcher = OFFER.matcher(path);
    if (!matcher.matches() || Integer.parseInt(matcher.group(2)) != server) {
      return -1;
    }
    return Integer.parseInt(matcher.group(1));
  }
}
