package io.xenshm.xen.linux;

import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenProvider;

/** {@code linux}: the Xen that this machine runs on. */
public final class LinuxXenProvider implements XenProvider {
  @Override
  public String name() {
    return "linux";
  }

  @Override
  public Xen open(String argument) throws XenException {
    if (!argument.isEmpty()) {
      throw new XenException("the back end 'linux' takes no argument, and was given " + argument);
    }
    return LinuxXen.open();
  }
}
