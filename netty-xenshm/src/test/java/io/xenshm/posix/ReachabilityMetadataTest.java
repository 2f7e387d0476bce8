package io.xenshm.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.xenshm.posix.Posix.Downcall;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
    assertEquals(expected(), actual(), "copy what is expected to src/main/resources" + FILE);
  }

  private static String actual() throws IOException {
    try (InputStream in = ReachabilityMetadataTest.class.getResourceAsStream(FILE)) {
      assertNotNull(in, "no " + FILE);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String expected() {
    return "{\n  \"reflection\": [\n"
        + lines(reflection())
        + "\n  ],\n  \"foreign\": {\n    \"downcalls\": [\n"
        + lines(downcalls()).replace("    {", "      {")
        + "\n    ]\n  }\n}\n";
  }

  private static String lines(Iterable<String> entries) {
    List<String> all = new ArrayList<>();
    entries.forEach(all::add);
    return all.stream().map(entry -> "    " + entry).collect(Collectors.joining(",\n"));
  }

  private static Set<String> reflection() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.xenshm");
    Set<String> entries = new TreeSet<>();
    for (JavaClass type : classes) {
      if (type.isInterface() || type.getModifiers().contains(JavaModifier.ABSTRACT)) {
        continue;
      }
      if (type.isAssignableTo(Channel.class) && hasConstructorWithoutParameters(type)) {
        entries.add(
            "{\"type\": \""
                + type.getName()
                + "\", \"methods\": [{\"name\": \"<init>\", \"parameterTypes\": []}]}");
      } else if (type.isAssignableTo(ChannelHandler.class)) {
        entries.add(
            "{\"condition\": {\"typeReached\": \""
                + type.getName()
                + "\"}, \"type\": \""
                + type.getName()
                + "\", \"allPublicMethods\": true}");
      }
    }
    assertTrue(entries.size() > 5, entries.toString());
    return entries;
  }

  private static boolean hasConstructorWithoutParameters(JavaClass type) {
    return type.getConstructors().stream()
        .anyMatch(
            constructor ->
                constructor.getParameters().isEmpty()
                    && constructor.getModifiers().contains(JavaModifier.PUBLIC));
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
