package io.xenshm.sim.xenstore;

import static io.xenshm.xenstore.XenStoreProtocol.MAX_PAYLOAD;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A part of a list that does not fit into one frame. */
final class DirectoryPart {

  private DirectoryPart() {}

  /**
   * Returns the node's generation, then as many whole names from an offset on as fit; after the
   * last an empty one.
   *
   * @param names all names, each with its end mark
   * @param offset bytes of {@code names} that the client has already
   */
  static byte[] of(StoreNode node, byte[] names, int offset) {
    ByteArrayOutputStream part = new ByteArrayOutputStream();
    part.writeBytes((node.generation() + "\0").getBytes(StandardCharsets.US_ASCII));
    int limit = MAX_PAYLOAD - part.size() - 1;
    int start = offset < 0 ? names.length : Math.min(offset, names.length);
    int end = start;
    for (int i = start; i < names.length && i - start < limit; i++) {
      if (names[i] == 0) {
        end = i + 1;
      }
    }
    part.write(names, start, end - start);
    if (end == names.length) {
      part.write(0);
    }
    return part.toByteArray();
  }
}
