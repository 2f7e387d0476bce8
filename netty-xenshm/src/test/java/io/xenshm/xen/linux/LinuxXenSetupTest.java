package io.xenshm.xen.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LinuxXenSetupTest {
  @Test
  void theFilesNameEachDeviceTheGroupAndTheLimit() {
    Map<String, String> files = LinuxXenSetup.files("netty", 4096);
    String rules = files.get("/etc/udev/rules.d/70-xenshm.rules");
    for (XenDeviceKind kind : XenDeviceKind.values()) {
      assertTrue(rules.contains("KERNEL==\"xen/" + kind.fileName() + "\", GROUP=\"netty\""), rules);
    }
    assertTrue(files.get("/etc/modprobe.d/xenshm.conf").contains("limit=4096"), files.toString());
    assertTrue(files.get("/etc/modules-load.d/xenshm.conf").contains("xen-gntalloc"));
  }
}
