package io.xenshm.netty;

import io.xenshm.directory.PeerDirectory;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The directory of a domain that has no table. */
final class NoPeers implements PeerDirectory {
  @Override
  public CompletionStage<PeerLookup> lookup(InetAddress address) {
    return CompletableFuture.completedFuture(new PeerLookup(Outcome.NO_TABLE, null));
  }

  @Override
  public InetAddress addressOf(int domainId) {
    return null;
  }

  @Override
  public void close() {}
}
