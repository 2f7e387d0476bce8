package io.xenshm.xen.linux;

import java.nio.file.Path;

/**
 * Where the kernel and the XenStore daemon show what this back end uses. Tests of what a machine
 * lacks give other places.
 *
 * @param devices the directory of the devices ({@code gntalloc}, {@code gntdev} …)
 * @param modules the directory with a sub-directory for each kernel module
 * @param hypervisor the directory whose file {@code type} names the hypervisor
 * @param xenStoreSocket the socket of the XenStore daemon, which only dom0 has
 * @param runtime the directory for the library's processes, where an administrator made one
 * @param sharedMemory the directory on tmpfs that every Linux system has, used where {@code
 *     runtime} is not there
 */
record LinuxXenPaths(
    Path devices,
    Path modules,
    Path hypervisor,
    Path xenStoreSocket,
    Path runtime,
    Path sharedMemory) {

  static LinuxXenPaths ofThisMachine() {
    return new LinuxXenPaths(
        Path.of("/dev/xen"),
        Path.of("/sys/module"),
        Path.of("/sys/hypervisor"),
        Path.of("/var/run/xenstored/socket"),
        Path.of("/run/xenshm"),
        Path.of("/dev/shm"));
  }

  Path device(XenDeviceKind kind) {
    return devices.resolve(kind.fileName());
  }

  Path limitOf(XenDeviceKind kind) {
    return modules.resolve(kind.module()).resolve("parameters/limit");
  }
}
