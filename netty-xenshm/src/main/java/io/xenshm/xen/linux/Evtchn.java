package io.xenshm.xen.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The requests of {@code /dev/xen/evtchn} (include/uapi/xen/evtchn.h). Binding returns the local
 * port.
 *
 * <pre>
 * struct ioctl_evtchn_bind_interdomain      struct ioctl_evtchn_bind_unbound_port
 *   0               4             8           0               4
 *   +---------------+-------------+           +---------------+
 *   | remote_domain | remote_port |           | remote_domain |
 *   +---------------+-------------+           +---------------+
 * struct ioctl_evtchn_unbind, struct ioctl_evtchn_notify
 *   0               4
 *   +---------------+
 *   | port          |
 *   +---------------+
 * </pre>
 *
 * {@code read} gives pending ports and {@code write} takes ports to unmask, each as a row of u32.
 */
final class Evtchn {
  /** The most that one {@code read} or {@code write} takes: a page. */
  static final int MAX_PORTS_PER_CALL = 4096 / 4;

  private static final long BIND_INTERDOMAIN = 0x84501;
  private static final int INTERDOMAIN_DOMAIN = 0;
  private static final int INTERDOMAIN_PORT = 4;
  private static final int INTERDOMAIN_SIZE = 8;

  private static final long BIND_UNBOUND_PORT = 0x44502;
  private static final long UNBIND = 0x44503;
  private static final long NOTIFY = 0x44504;

  private Evtchn() {}

  static int bindInterdomain(XenDevice device, int remoteDomainId, int remotePort)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(INTERDOMAIN_SIZE, 4);
      request.set(JAVA_INT, INTERDOMAIN_DOMAIN, remoteDomainId);
      request.set(JAVA_INT, INTERDOMAIN_PORT, remotePort);
      return device.ioctl(BIND_INTERDOMAIN, request);
    }
  }

  static int bindUnbound(XenDevice device, int remoteDomainId) throws PosixException, XenException {
    return withOneNumber(device, BIND_UNBOUND_PORT, remoteDomainId);
  }

  static void unbind(XenDevice device, int port) throws PosixException, XenException {
    withOneNumber(device, UNBIND, port);
  }

  static void notify(XenDevice device, int port) throws PosixException, XenException {
    withOneNumber(device, NOTIFY, port);
  }

  private static int withOneNumber(XenDevice device, long request, int number)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      return device.ioctl(request, arena.allocateFrom(JAVA_INT, number));
    }
  }
}
