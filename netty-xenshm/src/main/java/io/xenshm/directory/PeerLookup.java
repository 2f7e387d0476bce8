package io.xenshm.directory;

/**
 * The answer to a lookup.
 *
 * @param outcome what was found
 * @param peer the guest; {@code null} unless the outcome is {@link Outcome#CO_RESIDENT}
 */
public record PeerLookup(Outcome outcome, Peer peer) {

  /** What a lookup can find. */
  public enum Outcome {
    /** A guest of this host has the address. */
    CO_RESIDENT,
    /** No guest that this domain may reach has the address; or the guest that had it is gone. */
    NOT_CO_RESIDENT,
    /** It is an address of this domain itself. */
    OWN_DOMAIN,
    /** Guests on different networks have the same address: it does not tell which is meant. */
    AMBIGUOUS,
    /** dom0's agent has written no table for this domain, and there is no explicit one. */
    NO_TABLE,
    /** XenStore did not answer; it is asked again. */
    UNKNOWN
  }
}
