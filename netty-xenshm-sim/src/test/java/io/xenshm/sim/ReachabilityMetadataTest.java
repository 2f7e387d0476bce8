package io.xenshm.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenshm.testing.ReflectionMetadata;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Whether what GraalVM's native image is told of the simulated host is what it does. */
class ReachabilityMetadataTest {
  private static final String FILE =
      "/META-INF/native-image/io.xenshm/netty-xenshm-sim/reachability-metadata.json";

  @Test
  void theFileIsWhatTheCodeNeeds() throws IOException {
    assertEquals(
        "{\n  \"reflection\": [\n" + ReflectionMetadata.entries("io.xenshm.sim") + "\n  ]\n}\n",
        ReflectionMetadata.read(FILE),
        "copy what is expected to src/main/resources" + FILE);
  }
}
