package io.xenshm.agent;

import io.xenshm.directory.PeerNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the operator tells the agent.
 *
 * @param policy the file that says which guests may see each other; {@code null} for all that share
 *     a network
 * @param trustedGuests names and UUIDs of the guests whose own words about their addresses count;
 *     any of them can then claim any address of its networks that is nobody's by configuration
 */
public record AgentConfig(Path policy, Set<String> trustedGuests) {
  /** Everybody sees everybody, and nobody's own words count. */
  public static final AgentConfig DEFAULT = new AgentConfig(null, Set.of());

  /** Copies the set; UUIDs in lower case. */
  public AgentConfig {
    trustedGuests =
        trustedGuests.stream()
            .map(
                guest ->
                    PeerNodes.isUuid(guest.toLowerCase(Locale.ROOT))
                        ? guest.toLowerCase(Locale.ROOT)
                        : guest)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Reads the policy file once, without effect.
   *
   * @throws IOException if it cannot be read or is malformed, with the file in the message
   */
  public void check() throws IOException {
    if (policy != null) {
      if (!Files.isReadable(policy)) {
        throw new IOException("the policy " + policy + " is no file that can be read");
      }
      AgentPolicy.read(policy);
    }
  }
}
