package io.xenshm.sim.xenstore;

import io.xenshm.xenstore.XenStorePaths;

/**
 * A registered watch.
 *
 * @param path what is watched: an absolute path, or a special event
 * @param token the client's name for it
 * @param hiddenPrefix how many characters of a path are left out in reports, since the client named
 *     a relative path
 */
record StoreWatch(String path, String token, int hiddenPrefix) {

  /**
   * Returns the same watch of a domain that has another number: a relative path is relative to it.
   */
  StoreWatch of(int newDomainId) {
    if (hiddenPrefix == 0) {
      return this;
    }
    String relative = path.substring(hiddenPrefix);
    String absolute = XenStorePaths.absolute(relative, newDomainId);
    return new StoreWatch(absolute, token, absolute.length() - relative.length());
  }

  String reported(String changedPath) {
    return changedPath.substring(hiddenPrefix);
  }
}
