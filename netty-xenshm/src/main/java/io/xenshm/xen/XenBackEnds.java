package io.xenshm.xen;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.TreeSet;

/** Opens the back end that a setting names. */
public final class XenBackEnds {
  /** The setting that takes what this machine has. */
  public static final String AUTO = "auto";

  private static final Path DEVICES = Path.of("/dev/xen");
  private static final String LINUX = "linux";
  private static final String SIMULATED = "sim";

  private XenBackEnds() {}

  /**
   * Opens a back end.
   *
   * @param setting {@code auto}, {@code linux} or, with the artifact {@code netty-xenshm-sim} on
   *     the class path, {@code sim:DIR}
   * @throws XenException if there is no such back end, or it cannot be used on this machine
   */
  public static Xen open(String setting) throws XenException {
    if (setting.equals(AUTO)) {
      if (!Files.isDirectory(DEVICES)) {
        throw new XenException(
            "no Xen: this machine has no "
                + DEVICES
                + ". In a guest, load the modules xen-gntalloc, xen-gntdev and xen-evtchn;"
                + " without Xen, set xenshm.xen to sim:DIR to use a simulated host");
      }
      return open(LINUX);
    }
    int colon = setting.indexOf(':');
    String name = colon < 0 ? setting : setting.substring(0, colon);
    String argument = colon < 0 ? "" : setting.substring(colon + 1);
    TreeSet<String> known = new TreeSet<>();
    for (XenProvider provider :
        ServiceLoader.load(XenProvider.class, XenBackEnds.class.getClassLoader())) {
      if (provider.name().equals(name)) {
        return provider.open(argument);
      }
      known.add(provider.name());
    }
    if (name.equals(SIMULATED)) {
      throw new XenException(
          "xenshm.xen is '"
              + setting
              + "', and the simulated host is not on the class path: add the artifact"
              + " io.xenshm:netty-xenshm-sim, in the version of io.xenshm:netty-xenshm");
    }
    throw new XenException(
        "no back end '"
            + setting
            + "': xenshm.xen is auto, linux or sim:DIR (present: "
            + known
            + ")");
  }
}
