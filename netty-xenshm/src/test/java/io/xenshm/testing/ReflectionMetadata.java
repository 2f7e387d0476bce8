package io.xenshm.testing;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What GraalVM's native image is told of reflection in a module: the channel classes that a
 * bootstrap makes, and the handlers whose methods Netty looks at.
 */
public final class ReflectionMetadata {

  private ReflectionMetadata() {}

  /** Returns a resource's text. */
  public static String read(String resource) throws IOException {
    try (InputStream in = ReflectionMetadata.class.getResourceAsStream(resource)) {
      assertNotNull(in, "no " + resource);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Returns the entries of the classes in a package and below, a line each. */
  public static String entries(String packageName) {
    return lines(reflection(packageName));
  }

  /** Returns the lines of a list in such a file. */
  public static String lines(Iterable<String> entries) {
    List<String> all = new ArrayList<>();
    entries.forEach(all::add);
    return all.stream().map(entry -> "    " + entry).collect(Collectors.joining(",\n"));
  }

  private static Set<String> reflection(String packageName) {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(packageName);
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
    assertFalse(entries.isEmpty(), "no channel and no handler in " + packageName);
    return entries;
  }

  private static boolean hasConstructorWithoutParameters(JavaClass type) {
    return type.getConstructors().stream()
        .anyMatch(
            constructor ->
                constructor.getParameters().isEmpty()
                    && constructor.getModifiers().contains(JavaModifier.PUBLIC));
  }
}
