package io.xenshm.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class DemoTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private ChildJvm demo;
  private Path directory;

  private void start(String size) throws IOException, InterruptedException {
    demo = ChildJvm.start("demo", Demo.class, Map.of(), Map.of(), List.of("--size", size));
    String host = demo.awaitLine("simulated Xen host in", PATIENCE).split(": ", 2)[0];
    directory = Path.of(host).getParent();
    assertTrue(Files.isDirectory(directory), host);
  }

  @AfterEach
  void endDemo() {
    demo.kill();
    demo.close();
  }

  @Test
  void endsWithZeroAndLeavesNothing() throws Exception {
    start("5M");
    String sharedMemory = demo.awaitLine("SHARED_MEMORY", PATIENCE);
    String tcp = demo.awaitLine("TCP", PATIENCE);
    while (!tcp.contains("yes")) {
      tcp = demo.awaitLine("TCP", PATIENCE);
    }
    assertTrue(sharedMemory.contains(" 5000000 ") && sharedMemory.contains("yes"), sharedMemory);
    assertTrue(tcp.contains(" 5000000 "), tcp);
    assertEquals(0, demo.awaitExit(PATIENCE), demo.errors().toString());
    assertEquals(List.of(), demo.errors());
    assertFalse(Files.exists(directory));
  }

  @Test
  void signalEndsTheChildrenAndRemovesTheFiles() throws Exception {
    start("200M");
    List<ProcessHandle> children = childrenInTheMiddleOfTheTransfer();
    demo.process().destroy();
    demo.awaitExit(PATIENCE);
    assertEquals(List.of(), children.stream().filter(ProcessHandle::isAlive).toList());
    assertFalse(Files.exists(directory));
    assertEquals(List.of(), demo.errors());
  }

  @Test
  void childrenEndAndRemoveTheFilesWhereTheDemoIsKilled() throws Exception {
    start("200M");
    List<ProcessHandle> children = childrenInTheMiddleOfTheTransfer();
    demo.kill();
    for (ProcessHandle child : children) {
      child.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    assertFalse(Files.exists(directory));
  }

  private List<ProcessHandle> childrenInTheMiddleOfTheTransfer()
      throws IOException, InterruptedException {
    demo.awaitLine("shared memory run 1 of 3", PATIENCE);
    List<ProcessHandle> children = demo.process().descendants().toList();
    assertEquals(3, children.size(), children.toString());
    return children;
  }
}
