package io.xenshm.netty;

import io.xenshm.directory.Peer;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** A table that a test writes. At first it says that domain N has 127.0.N.1. */
final class FakeDirectory implements PeerDirectory {
  private final Map<InetAddress, CompletableFuture<PeerLookup>> lookups = new ConcurrentHashMap<>();
  private final Map<Integer, InetAddress> addresses = new ConcurrentHashMap<>();

  FakeDirectory(int ownDomain, int... peers) {
    answer(addressOfDomain(ownDomain), Outcome.OWN_DOMAIN);
    addresses.put(ownDomain, addressOfDomain(ownDomain));
    for (int peer : peers) {
      put(addressOfDomain(peer), peer);
    }
  }

  static InetAddress addressOfDomain(int domain) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, (byte) domain, 1});
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  void put(InetAddress address, int domain) {
    PeerLookup found =
        new PeerLookup(Outcome.CO_RESIDENT, new Peer(domain, "net", uuid(domain), name(domain)));
    lookups.put(address, CompletableFuture.completedFuture(found));
    addresses.put(domain, address);
  }

  static String uuid(int domain) {
    return String.format("00000000-0000-0000-0000-%012d", domain);
  }

  static String name(int domain) {
    return "vm" + domain;
  }

  void answer(InetAddress address, Outcome outcome) {
    answer(address, CompletableFuture.completedFuture(new PeerLookup(outcome, null)));
  }

  void answer(InetAddress address, CompletableFuture<PeerLookup> answer) {
    lookups.put(address, answer);
  }

  /** The table has no such domain any more; lookups of its address still find it. */
  void forgetDomain(int domain) {
    addresses.remove(domain);
  }

  @Override
  public CompletionStage<PeerLookup> lookup(InetAddress address) {
    return lookups.getOrDefault(
        address, CompletableFuture.completedFuture(new PeerLookup(Outcome.NOT_CO_RESIDENT, null)));
  }

  @Override
  public InetAddress addressOf(int domainId) {
    return addresses.get(domainId);
  }

  @Override
  public Peer peer(int domainId) {
    return addresses.containsKey(domainId)
        ? new Peer(domainId, "net", uuid(domainId), name(domainId))
        : null;
  }

  @Override
  public CompletionStage<Void> firstRead() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {}
}
