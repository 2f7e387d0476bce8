package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xenstore.XenStoreFrame;
import io.xenshm.xenstore.XenStorePaths;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The arguments of one request: strings that end in a zero byte, then perhaps plain bytes. */
final class StoreRequest {
  private final int domainId;
  private final XenStoreFrame frame;

  StoreRequest(int domainId, XenStoreFrame frame) {
    this.domainId = domainId;
    this.frame = frame;
  }

  /** Returns the only argument, a node's path, as an absolute one. */
  String onlyPath() throws XenStoreException {
    return absolute(only());
  }

  String only() throws XenStoreException {
    return strings(1).get(0);
  }

  int onlyNumber() throws XenStoreException {
    return number(only());
  }

  /** Returns the first argument, a node's path, as an absolute one. */
  String firstPath() throws XenStoreException {
    return absolute(text(0, endOfFirst()));
  }

  /** Returns the bytes after the first argument. */
  byte[] rest() throws XenStoreException {
    return Arrays.copyOfRange(frame.payload(), endOfFirst() + 1, frame.payload().length);
  }

  /** Returns what follows the first argument as permissions. */
  List<Permission> permissions() throws XenStoreException {
    List<String> strings = split();
    if (strings.size() < 2) {
      throw invalid("permissions are missing");
    }
    try {
      return strings.subList(1, strings.size()).stream().map(Permission::parse).toList();
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  /** Returns exactly so many strings. */
  List<String> strings(int count) throws XenStoreException {
    List<String> strings = split();
    if (strings.size() != count) {
      throw invalid(strings.size() + " arguments");
    }
    return strings;
  }

  String absolute(String path) throws XenStoreException {
    try {
      return XenStorePaths.absolute(XenStorePaths.requireValid(path), domainId);
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  static int number(String text) throws XenStoreException {
    try {
      return Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      throw invalid(text);
    }
  }

  static XenStoreException invalid(String reason) {
    return new XenStoreException(Code.EINVAL, reason);
  }

  private List<String> split() throws XenStoreException {
    byte[] payload = frame.payload();
    if (payload.length == 0 || payload[payload.length - 1] != 0) {
      throw invalid("the end of a string is missing");
    }
    List<String> strings = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < payload.length; i++) {
      if (payload[i] == 0) {
        strings.add(text(start, i));
        start = i + 1;
      }
    }
    return strings;
  }

  private int endOfFirst() throws XenStoreException {
    byte[] payload = frame.payload();
    for (int i = 0; i < payload.length; i++) {
      if (payload[i] == 0) {
        return i;
      }
    }
    throw invalid("the end of a string is missing");
  }

  private String text(int start, int end) {
    return new String(frame.payload(), start, end - start, StandardCharsets.ISO_8859_1);
  }
}
