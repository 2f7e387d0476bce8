package io.xenshm.xenstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class XenStorePathsTest {

  @ParameterizedTest
  @ValueSource(strings = {"/", "/local/domain/3/data", "data/xen-shm_1", "a@b", "0"})
  void acceptsPaths(String path) {
    assertEquals(path, XenStorePaths.requireValid(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "//", "/a/", "a/", "/a//b", "/a b", "/a.b", "/ä", "/a\0", "@x", "/*"})
  void refusesWhatIsNone(String path) {
    assertThrows(IllegalArgumentException.class, () -> XenStorePaths.requireValid(path));
  }

  @Test
  void boundsTheLength() {
    String absolute = "/" + "a".repeat(3071);
    assertEquals(absolute, XenStorePaths.requireValid(absolute));
    assertThrows(IllegalArgumentException.class, () -> XenStorePaths.requireValid(absolute + "a"));
    String relative = "a".repeat(2048);
    assertEquals(relative, XenStorePaths.requireValid(relative));
    assertThrows(IllegalArgumentException.class, () -> XenStorePaths.requireValid(relative + "a"));
  }

  @Test
  void specialWatchesAreNoNodes() {
    assertEquals("@releaseDomain", XenStorePaths.requireValidWatch("@releaseDomain"));
    assertThrows(
        IllegalArgumentException.class, () -> XenStorePaths.requireValid("@releaseDomain"));
    assertThrows(IllegalArgumentException.class, () -> XenStorePaths.requireValidWatch("@"));
  }

  @Test
  void relativePathsAreBelowTheDomain() {
    assertEquals("/local/domain/7/data", XenStorePaths.absolute("data", 7));
    assertEquals("/vm", XenStorePaths.absolute("/vm", 7));
  }
}
