package io.xenshm.testing;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import java.nio.file.Path;

/** Another back end, for tests that change a part of it. */
public class ForwardingXen implements Xen {
  private final Xen xen;

  public ForwardingXen(Xen xen) {
    this.xen = xen;
  }

  @Override
  public int domainId() {
    return xen.domainId();
  }

  @Override
  public boolean refresh(int domainId, boolean resumed) throws XenException {
    return xen.refresh(domainId, resumed);
  }

  @Override
  public GrantTable grants() {
    return xen.grants();
  }

  @Override
  public EventChannels openEventChannels() throws XenException {
    return xen.openEventChannels();
  }

  @Override
  public XenStore xenStore() {
    return xen.xenStore();
  }

  @Override
  public Path runtimeDirectory() {
    return xen.runtimeDirectory();
  }

  @Override
  public void close() {
    xen.close();
  }
}
