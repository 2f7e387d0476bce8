package io.xenshm.agent;

import io.xenshm.directory.PeerNodes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which guests may see each other: those that a line of the operator's file names together, by UUID
 * or name. {@code *} is every guest; {@code #} begins a comment. Without a file, all that share a
 * network.
 */
final class AgentPolicy {
  /** All guests may see each other. */
  static final AgentPolicy EVERYBODY = new AgentPolicy(List.of(Set.of("*")));

  private static final String ANY = "*";
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private final List<Set<String>> groups;

  private AgentPolicy(List<Set<String>> groups) {
    this.groups = groups;
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, or a line is malformed, with the line's number
   */
  static AgentPolicy read(Path file) throws IOException {
    List<Set<String>> groups = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      number++;
      String text = line.replaceFirst("#.*", "").trim();
      if (text.isEmpty()) {
        continue;
      }
      Set<String> group = new HashSet<>();
      for (String guest : BLANKS.split(text, -1)) {
        group.add(
            PeerNodes.isUuid(guest.toLowerCase(Locale.ROOT))
                ? guest.toLowerCase(Locale.ROOT)
                : guest);
      }
      if (group.size() == 1 && !group.contains(ANY)) {
        throw new IOException(
            "policy "
                + file
                + ", line "
                + number
                + ": '"
                + text
                + "' is alone; a line names the guests that may see each other, or is *");
      }
      groups.add(group);
    }
    return new AgentPolicy(groups);
  }

  /** Says whether two guests may see each other. */
  boolean maySee(Guest a, Guest b) {
    return groups.stream().anyMatch(group -> isIn(group, a) && isIn(group, b));
  }

  private static boolean isIn(Set<String> group, Guest guest) {
    return group.contains(ANY) || guest.isNamed(group);
  }
}
