package io.xenshm.link;

/**
 * Where a domain listens. As with TCP and UDP, each kind has ports of its own.
 *
 * @param kind what is carried
 * @param number 1 to 65535
 */
record ListenerPort(LinkKind kind, int number) {
  /** Returns the port as a node's name. */
  String nodeName() {
    return kind.pathPrefix + number;
  }

  @Override
  public String toString() {
    return kind.text + " port " + number;
  }
}
