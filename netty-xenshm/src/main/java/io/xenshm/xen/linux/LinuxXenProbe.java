package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks for what {@link LinuxXen} needs: a hypervisor that is Xen, pages of the size of its grants,
 * its devices, permission to use them, XenStore. Opens each device for a moment and changes
 * nothing.
 */
public final class LinuxXenProbe {
  /**
   * What was found out about one thing.
   *
   * @param subject what was looked at, for people: {@code hypervisor}, a path
   * @param ok whether it is as it must be
   * @param text what it is; where it is not as it must be, also what to do
   */
  public record Finding(String subject, boolean ok, String text) {}

  private static final String PAGES = "pages";

  private final List<Finding> findings;

  private LinuxXenProbe(List<Finding> findings) {
    this.findings = List.copyOf(findings);
  }

  /** Looks at this machine. */
  public static LinuxXenProbe ofThisMachine() {
    return of(LinuxXenPaths.ofThisMachine());
  }

  static LinuxXenProbe of(LinuxXenPaths paths) {
    long pageSize;
    try {
      pageSize = Posix.pageSize();
    } catch (PosixException e) {
      return new LinuxXenProbe(
          List.of(new Finding(PAGES, false, "the size of a page is not known: " + e.getMessage())));
    }
    return of(paths, pageSize);
  }

  static LinuxXenProbe of(LinuxXenPaths paths, long pageSize) {
    List<Finding> findings = new ArrayList<>();
    findings.add(hypervisor(paths));
    findings.add(pages(pageSize));
    for (XenDeviceKind kind :
        List.of(XenDeviceKind.GNTALLOC, XenDeviceKind.GNTDEV, XenDeviceKind.EVTCHN)) {
      findings.add(device(paths, kind));
    }
    findings.add(xenStore(paths));
    findings.add(grantLimit(paths));
    return new LinuxXenProbe(findings);
  }

  /** Returns everything that was looked at, in an order in which problems are best solved. */
  public List<Finding> findings() {
    return findings;
  }

  /** Returns what keeps {@link LinuxXen} from working, or nothing where nothing does. */
  public Optional<XenException> unavailabilityCause() {
    return findings.stream()
        .filter(finding -> !finding.ok())
        .findFirst()
        .map(finding -> new XenException(finding.text()));
  }

  /**
   * Does nothing where everything is there.
   *
   * @throws XenException with the first problem
   */
  public void ensureAvailable() throws XenException {
    Optional<XenException> cause = unavailabilityCause();
    if (cause.isPresent()) {
      throw cause.get();
    }
  }

  private static Finding hypervisor(LinuxXenPaths paths) {
    Path file = paths.hypervisor().resolve("type");
    try {
      String type = Files.readString(file).strip();
      return type.equals("xen")
          ? new Finding("hypervisor", true, "Xen")
          : new Finding("hypervisor", false, "the hypervisor is '" + type + "' and not Xen");
    } catch (IOException e) {
      return new Finding(
          "hypervisor",
          false,
          "this is not a guest of Xen ("
              + file
              + " cannot be read); on a machine without Xen,"
              + " use a simulated host: XENSHM_XEN=sim:DIR");
    }
  }

  /** Where a kernel's page is larger, its devices grant and map several of Xen's at once. */
  private static Finding pages(long size) {
    return size == Xen.PAGE_SIZE
        ? new Finding(PAGES, true, size + " bytes")
        : new Finding(
            PAGES,
            false,
            "this kernel's pages are of "
                + size
                + " bytes, and shared memory is made of pages of "
                + Xen.PAGE_SIZE
                + "; boot a kernel with pages of "
                + Xen.PAGE_SIZE
                + " bytes (on arm64 CONFIG_ARM64_4K_PAGES), or leave it: connections are TCP");
  }

  private static Finding device(LinuxXenPaths paths, XenDeviceKind kind) {
    String subject = paths.device(kind).toString();
    try {
      XenDevice.open(paths, kind, Posix.O_NONBLOCK).close();
      return new Finding(subject, true, "can be opened");
    } catch (XenException e) {
      return new Finding(subject, false, e.getMessage());
    }
  }

  private static Finding xenStore(LinuxXenPaths paths) {
    Path socket = paths.xenStoreSocket();
    if (!Files.exists(socket)) {
      return device(paths, XenDeviceKind.XENBUS);
    }
    try {
      Posix.close(Posix.connectUnix(socket.toString()));
      return new Finding(socket.toString(), true, "the XenStore daemon answers");
    } catch (PosixException e) {
      return new Finding(
          socket.toString(),
          false,
          "cannot connect to the XenStore daemon: "
              + e.getMessage()
              + "; in dom0, is xenstored or oxenstored running, and is this process root?");
    }
  }

  /** A limit is no obstacle by itself: the finding tells its value. */
  private static Finding grantLimit(LinuxXenPaths paths) {
    Path file = paths.limitOf(XenDeviceKind.GNTALLOC);
    try {
      return new Finding(
          file.toString(), true, Files.readString(file).strip() + " pages for the whole guest");
    } catch (IOException e) {
      return new Finding(file.toString(), true, "not known: " + e);
    }
  }
}
