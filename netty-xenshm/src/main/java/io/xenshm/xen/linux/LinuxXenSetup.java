package io.xenshm.xen.linux;

import java.util.LinkedHashMap;
import java.util.Map;

/** The files of a guest's system that let processes of one group use Xen's devices. */
public final class LinuxXenSetup {
  private LinuxXenSetup() {}

  /**
   * Returns the files' contents by their paths.
   *
   * @param group a group of the system; its members may use the devices
   * @param grantedPages how many pages the whole guest may grant at a time
   */
  public static Map<String, String> files(String group, int grantedPages) {
    Map<String, String> files = new LinkedHashMap<>();
    files.put(
        "/etc/modules-load.d/xenshm.conf",
        """
        # Xen's devices for netty-xenshm
        xen-gntalloc
        xen-gntdev
        xen-evtchn
        """);
    files.put(
        "/etc/modprobe.d/xenshm.conf",
        """
        # Pages that the whole guest may grant at a time. Of a running system:
        # /sys/module/xen_gntalloc/parameters/limit
        options xen-gntalloc limit=%d
        """
            .formatted(grantedPages));
    files.put(
        "/etc/udev/rules.d/70-xenshm.rules",
        """
        # Xen's devices for the members of a group. XenStore is among them: what it lets
        # a guest write, it then lets the group write.
        KERNEL=="xen/gntalloc", GROUP="%1$s", MODE="0660"
        KERNEL=="xen/gntdev", GROUP="%1$s", MODE="0660"
        KERNEL=="xen/evtchn", GROUP="%1$s", MODE="0660"
        KERNEL=="xen/xenbus", GROUP="%1$s", MODE="0660"
        """
            .formatted(group));
    files.put(
        "/etc/tmpfiles.d/xenshm.conf",
        """
        # Lock files of processes that use netty-xenshm
        d /run/xenshm 0770 root %s
        """
            .formatted(group));
    return files;
  }
}
