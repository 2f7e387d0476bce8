package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.logging.InternalLogger;
import io.xenshm.link.ProcessRegistry.State;
import io.xenshm.sim.ChildJvm;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes are JVMs of their own here. */
class ProcessRegistryTest {
  private static final String NOBODY = "0000000000000000";

  @TempDir private Path temporary;
  private Path directory;
  private final List<ChildJvm> started = new ArrayList<>();

  @BeforeEach
  void openToAllUsers() throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    directory = sharedDirectory("locks");
  }

  private Path sharedDirectory(String name) throws IOException {
    Path made = Files.createDirectory(temporary.resolve(name));
    Files.setAttribute(made, "unix:mode", 01777);
    return made;
  }

  @AfterEach
  void killAll() throws InterruptedException {
    for (ChildJvm program : started) {
      program.kill();
    }
  }

  private ChildJvm start(String other) throws IOException {
    ChildJvm program = ChildJvm.start(RegistryProgram.class, directory.toString(), other);
    started.add(program);
    return program;
  }

  private static State said(ChildJvm program) {
    return State.valueOf(program.readyText());
  }

  private static Set<String> registered(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .map(name -> name.replace(".lock", ""))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private String onlyRegistered() throws IOException {
    Set<String> all = registered(directory);
    assertEquals(1, all.size(), all::toString);
    return all.iterator().next();
  }

  @Test
  void aProcessLivesUntilItIsKilled() throws Exception {
    ChildJvm program = start(NOBODY);
    String process = onlyRegistered();
    try (ProcessRegistry own = new ProcessRegistry(() -> directory)) {
      assertEquals(State.ALIVE, own.state(process));
      program.kill();
      assertEquals(State.DEAD, own.state(process));
      assertEquals(Set.of(own.ownNonce()), registered(directory));
      assertEquals(State.DEAD, own.state(process), "also without its file");
    }
  }

  /** As in two containers of one domain that have a /run of their own each. */
  @Test
  void ofAProcessThatRegisteredElsewhereNothingIsTold() throws Exception {
    ChildJvm program = start(NOBODY);
    String process = onlyRegistered();
    Path otherDirectory = sharedDirectory("others");
    try (ProcessRegistry elsewhere = new ProcessRegistry(() -> otherDirectory)) {
      assertEquals(State.ELSEWHERE, elsewhere.state(process));
      program.kill();
      assertEquals(State.ELSEWHERE, elsewhere.state(process));
      try (ProcessRegistry here = new ProcessRegistry(() -> directory)) {
        assertEquals(State.DEAD, here.state(process));
      }
    }
  }

  /** Closing any descriptor of a file drops all locks that the process has on it. */
  @Test
  void lookingAtAnotherRegistryOfThisProcessLeavesItsLock() throws Exception {
    try (ProcessRegistry looked = new ProcessRegistry(() -> directory);
        ProcessRegistry looking = new ProcessRegistry(() -> directory)) {
      assertEquals(State.ALIVE, looking.state(looked.ownNonce()));
      assertEquals(State.ALIVE, said(start(looked.ownNonce())));
    }
  }

  @Test
  void aRegistryWhoseDirectoryWasEmptiedRegistersAgain() throws Exception {
    try (ProcessRegistry own = new ProcessRegistry(() -> directory)) {
      Files.delete(directory.resolve(own.ownNonce() + ".lock"));
      own.register();
      assertEquals(State.ALIVE, said(start(own.ownNonce())));
      killAll();
      Files.delete(directory.resolve(own.ownNonce() + ".lock"));
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
      own.register();
      assertEquals(State.ALIVE, said(start(own.ownNonce())), "in a directory that is another one");
    }
  }

  /** Two users of one group, one of them with a mask that takes all rights from the others. */
  @Test
  void theDeathOfAnotherUsersProcessIsSeen() throws Exception {
    String classPath = readableClassPath();
    ChildJvm program = startAs(65533, classPath, NOBODY);
    String process = onlyRegistered();
    ChildJvm looking = startAs(65532, classPath, process);
    assertEquals(State.ALIVE, said(looking));
    program.kill();
    assertEquals(State.DEAD, said(startAs(65532, classPath, process)));
    assertTrue(registered(directory).contains(process), "it is not that user's to remove");
    assertEquals(State.DEAD, said(startAs(65533, classPath, process)));
    assertTrue(!registered(directory).contains(process), "it is that user's to remove");
  }

  private ChildJvm startAs(int user, String classPath, String other) throws IOException {
    List<String> before =
        List.of(
            "setpriv",
            "--reuid=" + user,
            "--regid=65534",
            "--clear-groups",
            "sh",
            "-c",
            "umask 077; exec \"$@\"",
            "sh");
    ChildJvm program =
        ChildJvm.start(before, classPath, RegistryProgram.class, directory.toString(), other);
    started.add(program);
    return program;
  }

  /** Copies what other users may not be able to read: build and cache may be private. */
  private String readableClassPath() throws IOException, InterruptedException {
    if (!canBecomeOthers()) {
      String reason = "not run: being another user takes root and setpriv";
      System.err.println("ProcessRegistryTest: " + reason);
      Assumptions.abort(reason);
    }
    Path classes = temporary.resolve("classes");
    Path link = Path.of("io", "xenshm", "link");
    Files.createDirectories(classes.resolve(link));
    for (Class<?> type : List.of(ProcessRegistry.class, RegistryProgram.class)) {
      Path source = source(type);
      if (Files.isDirectory(source)) {
        copyFiles(source.resolve(link), classes.resolve(link));
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(source)) {
          copyFiles(jar.getPath(link.toString()), classes.resolve(link));
        }
      }
    }
    Path netty = Files.copy(source(InternalLogger.class), temporary.resolve("netty-common.jar"));
    return classes + ":" + netty;
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(file.getFileName().toString());
        if (!Files.exists(copy)) {
          Files.copy(file, copy);
        }
      }
    }
  }

  private static Path source(Class<?> type) {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
  }

  private static boolean canBecomeOthers() throws InterruptedException {
    try {
      return new ProcessBuilder("setpriv", "--reuid=65533", "--clear-groups", "true")
              .redirectErrorStream(true)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
