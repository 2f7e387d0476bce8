package io.xenshm.netty.attack;

import io.xenshm.link.HostileServer;
import io.xenshm.xen.contract.Side;
import java.io.IOException;

/** A listener of one connection, which it accepts and whose memory it keeps mapped. */
final class KeepingServer implements AutoCloseable {
  private final HostileServer server;
  private final Thread accepting;

  KeepingServer(Side side, int port) throws IOException {
    server = new HostileServer(side.xen(), port, "1 stream xen");
    accepting = new Thread(() -> accept(side.peerDomain()), "keeping server");
    accepting.start();
  }

  private void accept(int client) {
    try {
      server.awaitOffer(client).answer(HostileServer.ACCEPTED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException("no offer could be accepted", e);
    }
  }

  /** Says what the kernel says of an honest one that unmapped the memory. */
  void pretendToGiveBack() throws IOException, InterruptedException {
    accepting.join();
    server.pretendDeath();
  }

  @Override
  public void close() {
    accepting.interrupt();
    try {
      accepting.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.close();
  }
}
