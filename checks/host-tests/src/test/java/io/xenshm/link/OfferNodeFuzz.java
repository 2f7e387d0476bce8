package io.xenshm.link;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/** What other guests write to XenStore for this one: offers, records of listeners, their paths. */
public final class OfferNodeFuzz {
  private OfferNodeFuzz() {}

  /** One run: the first byte chooses what the rest is. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    switch (input.below(3)) {
      case 0 -> offer(input.rest());
      case 1 -> listener(input.rest());
      default -> path(new String(input.rest(), StandardCharsets.ISO_8859_1));
    }
  }

  private static void offer(byte[] value) {
    Offer offer;
    try {
      offer = Offer.parse(value);
    } catch (MalformedOfferException e) {
      return;
    }
    check(offer.listenerPort() >= 1 && offer.listenerPort() <= 65535, "the port is one");
    check(offer.clientPort() >= 1 && offer.clientPort() <= 65535, "the client's port is one");
    check(offer.descriptorReference() >= 0, "the reference is one");
    check(offer.eventChannelPort() >= 1, "the event channel port is one");
    check(Nonces.isNonce(offer.listenerProcess()), "the process is a nonce");
    try {
      byte[] again = offer.format().getBytes(StandardCharsets.US_ASCII);
      check(Offer.parse(again).equals(offer), "an offer is read as it is written");
    } catch (MalformedOfferException e) {
      throw new AssertionError("an offer that was read can be written", e);
    }
  }

  private static void listener(byte[] value) {
    ListenerRecord listener = ListenerRecord.parse(value);
    if (listener == null) {
      return;
    }
    listener.speaksOurVersion();
    check(listener.listensAt(null), "each listener is reached by domain number");
    listener.listensAt(InetAddress.getLoopbackAddress());
    check(listener.conflictsWith(listener), "a listener conflicts with itself");
    byte[] again = listener.format().getBytes(StandardCharsets.US_ASCII);
    check(listener.equals(ListenerRecord.parse(again)), "a record is read as it is written");
  }

  private static void path(String path) {
    int client = StorePaths.clientOfOffer(path, 1);
    check(client >= -1 && client <= 99999, "a domain or none: " + client);
    check(
        client < 0 || path.startsWith(StorePaths.offers(client, 1) + '/') || hasZeros(path),
        "the path is of the domain that it is said to be of: " + path);
  }

  /** {@code /local/domain/007} is no node of domain 7's, and no daemon has it. */
  private static boolean hasZeros(String path) {
    return path.contains("/0");
  }
}
