package io.xenshm.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.testcontainers.images.RemoteDockerImage;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.DockerImageName;

/**
 * The image of all containers. By default it is made here, without a registry: this machine's C
 * library, and the directory that this process's Java is bound to when a container starts.
 */
final class JavaImage {
  /** System property: an image that has a Java of version 25 or newer on its path. */
  static final String PROPERTY = "xenshm.containers.image";

  private static final String CHOSEN = System.getProperty(PROPERTY, "");
  private static final String JAVA_DIRECTORY = "/java";
  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

  /** Reads a line of {@code ldd}: {@code libc.so.6 => /lib/libc.so.6 (0x00)}. */
  private static final Pattern LIBRARY = Pattern.compile("(?:^|=> )\\s*(/\\S+) \\(0x");

  private JavaImage() {}

  private static final class Built {
    static final Future<String> IMAGE = build();
  }

  /** Returns why there can be no image here; {@code null} where there can. */
  static String obstacle() {
    if (!CHOSEN.isEmpty()) {
      return null;
    }
    try {
      return libraries().isEmpty() ? "ldd names no library of Java's: " + hint() : null;
    } catch (IOException e) {
      return "ldd, which finds the C library for the image, fails: " + e.getMessage() + hint();
    }
  }

  private static String hint() {
    return "; name a public image: -D" + PROPERTY + "=eclipse-temurin:25-jre";
  }

  /** Returns the image; it is built at the first time. */
  static Future<String> get() {
    return CHOSEN.isEmpty() ? Built.IMAGE : new RemoteDockerImage(DockerImageName.parse(CHOSEN));
  }

  /** Returns what starts Java in the image. */
  static String java() {
    return CHOSEN.isEmpty() ? JAVA_DIRECTORY + "/bin/java" : "java";
  }

  /** Returns the directories that the image wants to have bound to it: from and to. */
  static List<Bound> bound() {
    return CHOSEN.isEmpty() ? List.of(new Bound(JAVA_HOME, JAVA_DIRECTORY)) : List.of();
  }

  /**
   * A directory or file of this machine in a container.
   *
   * @param here where it is
   * @param there where the container sees it
   */
  record Bound(Path here, String there) {}

  private static Future<String> build() {
    ImageFromDockerfile image = new ImageFromDockerfile();
    try {
      for (Path library : libraries()) {
        image.withFileFromPath("root" + library, library.toRealPath());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return image.withDockerfileFromBuilder(
        dockerfile -> dockerfile.from("scratch").copy("root", "/").workDir("/tmp").build());
  }

  /** Returns the libraries that Java needs and does not bring. */
  private static List<Path> libraries() throws IOException {
    List<String> command =
        new ArrayList<>(List.of("ldd", JAVA_HOME.resolve("bin/java").toString()));
    for (String name : List.of("server/libjvm", "libjava", "libnio", "libnet", "libzip")) {
      command.add(JAVA_HOME.resolve("lib/" + name + ".so").toString());
    }
    Process ldd = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (Stream<String> lines =
        new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines()) {
      return lines
          .map(LIBRARY::matcher)
          .filter(Matcher::find)
          .map(matcher -> Path.of(matcher.group(1)).normalize())
          .filter(path -> !path.startsWith(JAVA_HOME) && Files.exists(path))
          .distinct()
          .toList();
    }
  }
}
