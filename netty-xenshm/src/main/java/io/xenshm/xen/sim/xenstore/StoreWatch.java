package io.xenshm.xen.sim.xenstore;

/**
 * A registered watch.
 *
 * @param path what is watched: an absolute path, or a special event
 * @param token the client's name for it
 * @param hiddenPrefix how many characters of a path are left out in reports, since the client named
 *     a relative path
 */
record StoreWatch(String path, String token, int hiddenPrefix) {

  String reported(String changedPath) {
    return changedPath.substring(hiddenPrefix);
  }
}
