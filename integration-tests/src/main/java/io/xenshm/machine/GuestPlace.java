package io.xenshm.machine;

import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import io.xenshm.xen.contract.ContractRunner;
import io.xenshm.xen.contract.Exchange;
import java.io.IOException;

/** A guest of the test machine as a place for contract scenarios: guests 1 and 2 play them. */
public final class GuestPlace implements ContractRunner.Place {
  private final int peer;
  private final Exchange exchange;

  /** Connects the two guests. */
  public GuestPlace() throws IOException {
    int guest = Integer.parseInt(System.getenv("GUEST"));
    peer = 3 - guest;
    exchange = TcpExchange.between(guest, peer);
  }

  @Override
  public Xen open() throws Exception {
    return XenBackEnds.open(XenBackEnds.AUTO);
  }

  @Override
  public int peerDomain() {
    return peer;
  }

  @Override
  public Exchange exchange() {
    return exchange;
  }
}
