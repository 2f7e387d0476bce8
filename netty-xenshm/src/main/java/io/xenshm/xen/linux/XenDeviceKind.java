package io.xenshm.xen.linux;

/** The devices of Linux that this back end uses, and the kernel module behind each. */
enum XenDeviceKind {
  /** Grants this guest's pages (drivers/xen/gntalloc.c). */
  GNTALLOC("gntalloc", "xen_gntalloc"),
  /** Maps other guests' pages (drivers/xen/gntdev.c). */
  GNTDEV("gntdev", "xen_gntdev"),
  /** Event channels (drivers/xen/evtchn.c). */
  EVTCHN("evtchn", "xen_evtchn"),
  /** XenStore (drivers/xen/xenbus/xenbus_dev_frontend.c): part of every kernel that runs on Xen. */
  XENBUS("xenbus", null);

  private final String fileName;
  private final String module;

  XenDeviceKind(String fileName, String module) {
    this.fileName = fileName;
    this.module = module;
  }

  String fileName() {
    return fileName;
  }

  /** Returns the module's name as {@code /sys/module} has it, or null where there is none. */
  String module() {
    return module;
  }

  /** Returns what to do where the device's file does not exist. */
  String remedyWhereMissing() {
    return module == null
        ? "a kernel that runs on Xen has it always: is /dev mounted (devtmpfs), and is this a"
            + " guest?"
        : "load the kernel's module: modprobe " + module.replace('_', '-');
  }
}
