package io.xenshm.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.posix.Posix.Downcall;
import io.xenshm.testing.ReflectionMetadata;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Whether what GraalVM's native image is told of this library is what the library does: the
 * functions that it calls, the channel classes that a bootstrap makes by reflection, and the
 * handlers whose methods Netty looks at by reflection.
 */
class ReachabilityMetadataTest {
  private static final String FILE =
      "/META-INF/native-image/io.xenshm/netty-xenshm/reachability-metadata.json";
  private static final Pattern OPTION = Pattern.compile("(\\w+)\\[?.*?(\\d*)]?");

  @Test
  void theFileIsWhatTheCodeNeeds() throws IOException {
    assertEquals(
        expected(),
        ReflectionMetadata.read(FILE),
        "copy what is expected to src/main/resources" + FILE);
  }

  private static String expected() {
    return "{\n  \"reflection\": [\n"
        + ReflectionMetadata.entries("io.xenshm")
        + "\n  ],\n  \"foreign\": {\n    \"downcalls\": [\n"
        + ReflectionMetadata.lines(downcalls()).replace("    {", "      {")
        + "\n    ]\n  }\n}\n";
  }

  private static Set<String> downcalls() {
    assertEquals(-1, failingClose(), "the class is initialised, and errno is captured");
    Set<String> entries = new TreeSet<>();
    for (Downcall call : Posix.DOWNCALLS) {
      entries.add(
          "{\"returnType\": "
              + type(call.descriptor().returnLayout().orElseThrow())
              + ", \"parameterTypes\": "
              + call.descriptor().argumentLayouts().stream()
                  .map(ReachabilityMetadataTest::type)
                  .collect(Collectors.joining(", ", "[", "]"))
              + options(call)
              + "}");
    }
    assertFalse(entries.isEmpty());
    return entries;
  }

  private static int failingClose() {
    try {
      Posix.close(-1);
      return 0;
    } catch (PosixException e) {
      return e.errno() == Posix.EBADF ? -1 : e.errno();
    }
  }

  private static String options(Downcall call) {
    if (call.options().isEmpty()) {
      return "";
    }
    return call.options().stream()
        .map(option -> option(option.toString()))
        .collect(Collectors.joining(", ", ", \"options\": {", "}"));
  }

  /** The JDK's options tell what they are by their text only. */
  private static String option(String text) {
    Matcher matcher = OPTION.matcher(text);
    assertTrue(matcher.matches(), text);
    return switch (matcher.group(1)) {
      case "CaptureCallState" -> "\"captureCallState\": true";
      case "FirstVariadicArg" -> "\"firstVariadicArg\": " + matcher.group(2);
      default -> throw new AssertionError("an option that this test does not know: " + text);
    };
  }

  private static String type(MemoryLayout layout) {
    if (layout instanceof AddressLayout) {
      return "\"void*\"";
    }
    if (layout.equals(ValueLayout.JAVA_INT)) {
      return "\"jint\"";
    }
    if (layout.equals(ValueLayout.JAVA_LONG)) {
      return "\"jlong\"";
    }
    throw new AssertionError("a type that this test does not know: " + layout);
  }
}
