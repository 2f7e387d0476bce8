package io.xenshm.xen;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFaultsTest {
  private static final int PAGE = 4096;
  private static final int CALLS_UNTIL_COMPILED = 50_000;

  @TempDir Path directory;

  @Test
  void saysNothingWhereAllAccessesSucceeded() {
    MemoryFaults.tell();
  }

  @RepeatedTest(20)
  void compiledCodeLearnsOfAFaultWhereItAsks() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel file = open("there");
        FileChannel cutOff = open("cut-off")) {
      MemorySegment memory = map(file, arena);
      for (int i = 0; i < CALLS_UNTIL_COMPILED; i++) {
        assertFalse(isGone(memory));
      }
      MemorySegment gone = map(cutOff, arena);
      cutOff.truncate(0);
      assertTrue(isGone(gone));
      assertFalse(isGone(memory));
    }
  }

  private FileChannel open(String name) throws IOException {
    return FileChannel.open(
        directory.resolve(name),
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private static MemorySegment map(FileChannel file, Arena arena) throws IOException {
    return file.map(FileChannel.MapMode.READ_WRITE, 0, PAGE, arena);
  }

  private static boolean isGone(MemorySegment memory) {
    try {
      memory.set(JAVA_INT, 0, 1);
      MemoryFaults.tell();
      return false;
    } catch (InternalError e) {
      return true;
    }
  }
}
