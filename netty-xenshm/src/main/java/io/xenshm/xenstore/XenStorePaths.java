package io.xenshm.xenstore;

/** What a path in XenStore may look like (Xen's {@code docs/misc/xenstore.txt}). */
public final class XenStorePaths {

  private XenStorePaths() {}

  /**
   * Checks a node's path: absolute, or relative to the domain's own directory.
   *
   * @return the same path
   * @throws IllegalArgumentException with the reason, if it is not one
   */
  public static String requireValid(String path) {
    String reason = reasonAgainst(path);
    if (reason != null) {
      throw new IllegalArgumentException("not a XenStore path: '" + path + "': " + reason);
    }
    return path;
  }

  /** As {@link #requireValid}, but a special watch ({@code @releaseDomain}) is one too. */
  public static String requireValidWatch(String path) {
    return isSpecial(path) && reasonAgainst(path.substring(1)) == null ? path : requireValid(path);
  }

  /** Says whether a watched path names an event of the daemon's rather than a node. */
  public static boolean isSpecial(String path) {
    return path.startsWith("@");
  }

  /** Returns a node's path as an absolute one, for a domain that named it. */
  public static String absolute(String path, int domainId) {
    return path.startsWith("/") ? path : "/local/domain/" + domainId + "/" + path;
  }

  private static String reasonAgainst(String path) {
    if (path.isEmpty()) {
      return "it is empty";
    }
    if (isSpecial(path)) {
      return "it is a special watch's";
    }
    boolean absolute = path.charAt(0) == '/';
    int limit = absolute ? XenStoreProtocol.MAX_ABSOLUTE_PATH : XenStoreProtocol.MAX_RELATIVE_PATH;
    if (path.length() > limit) {
      return "it has " + path.length() + " characters, at most " + limit + " are allowed";
    }
    for (int i = 0; i < path.length(); i++) {
      if (!isAllowed(path.charAt(i))) {
        return "'" + path.charAt(i) + "' is not one of A-Z a-z 0-9 - / _ @";
      }
    }
    if (path.contains("//")) {
      return "it contains //";
    }
    return path.length() > 1 && path.endsWith("/") ? "it ends in /" : null;
  }

  private static boolean isAllowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '/'
        || c == '_'
        || c == '@';
  }
}
