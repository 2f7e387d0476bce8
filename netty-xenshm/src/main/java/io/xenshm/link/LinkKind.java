package io.xenshm.link;

/** What a link's rings carry. */
public enum LinkKind {
  /** Bytes. */
  STREAM(1, "stream", ""),
  /** Packets, see {@link io.xenshm.ring.PacketRingLayout}. */
  DATAGRAM(2, "datagram", "datagram-");

  /** What the descriptor page says. */
  final int code;

  /** What offers and records of listeners say. */
  final String text;

  /** What stands before the port in the path of a listener. */
  final String pathPrefix;

  LinkKind(int code, String text, String pathPrefix) {
    this.code = code;
    this.text = text;
    this.pathPrefix = pathPrefix;
  }

  static LinkKind of(String text) {
    for (LinkKind kind : values()) {
      if (kind.text.equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no kind of link is called " + text);
  }
}
