package io.xenshm.agent;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/** The operator's policy, read again when its file changes. For one thread. */
final class PolicyFile {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(PolicyFile.class);

  private final Path file;
  private FileTime time;
  private AgentPolicy policy;

  /**
   * Reads the file.
   *
   * @param file {@code null} for none: everybody may see everybody
   * @throws IOException if it cannot be read, or is malformed
   */
  PolicyFile(Path file) throws IOException {
    this.file = file;
    if (file == null) {
      policy = AgentPolicy.EVERYBODY;
    } else {
      time = Files.getLastModifiedTime(file);
      policy = AgentPolicy.read(file);
    }
  }

  AgentPolicy policy() {
    return policy;
  }

  /**
   * Looks whether the file changed. A file that is away or malformed changes nothing.
   *
   * @return whether there is a new policy
   */
  boolean refresh() {
    if (file == null) {
      return false;
    }
    try {
      FileTime now = Files.getLastModifiedTime(file);
      if (now.equals(time)) {
        return false;
      }
      time = now;
      policy = AgentPolicy.read(file);
      logger.info("Read the policy {} again", file);
      return true;
    } catch (IOException e) {
      if (!Files.exists(file)) {
        logger.debug("The policy is away: an editor may be replacing it", e);
      } else {
        logger.warn("The policy before stays in force: {}", e.getMessage());
      }
      return false;
    }
  }
}
