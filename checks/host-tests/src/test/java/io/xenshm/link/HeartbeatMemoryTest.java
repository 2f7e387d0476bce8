package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.xenshm.xen.Xen;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The thread of the heartbeats touches memory that an event loop gives back, or the kernel. */
class HeartbeatMemoryTest {
  private static Heartbeat heartbeat(MemorySegment page, Role role) {
    return new Heartbeat(new DescriptorPage(page), role);
  }

  @Test
  void eachEndSeesTheOthersBeatsAndCountsTheirAbsence() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment page = arena.allocate(Xen.PAGE_SIZE, Long.BYTES);
      Heartbeat client = heartbeat(page, Role.CLIENT);
      Heartbeat server = heartbeat(page, Role.SERVER);

      assertEquals(1, client.beat(), "the server has not begun");
      assertEquals(0, server.beat());
      assertEquals(0, client.beat());
      assertEquals(1, client.beat());
      assertEquals(2, client.beat());
      assertEquals(2, client.silentLooks());
      server.beat();
      assertEquals(0, client.beat());
    }
  }

  @Test
  void afterItsEndTheMemoryIsNotTouched() {
    Heartbeat heartbeat;
    try (Arena arena = Arena.ofShared()) {
      heartbeat = heartbeat(arena.allocate(Xen.PAGE_SIZE, Long.BYTES), Role.CLIENT);
      heartbeat.beat();
      heartbeat.end();
    }
    assertEquals(0, heartbeat.beat());
  }

  @Test
  void memoryThatTheKernelTookAwayIsToldOnceAndNotTouchedAgain(@TempDir Path directory)
      throws IOException {
    try (Arena arena = Arena.ofShared();
        FileChannel file =
            FileChannel.open(
                directory.resolve("page"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      Heartbeat heartbeat =
          heartbeat(file.map(MapMode.READ_WRITE, 0, Xen.PAGE_SIZE, arena), Role.SERVER);
      heartbeat.beat();
      file.truncate(0);

      assertThrows(InternalError.class, heartbeat::beat);
      assertEquals(0, heartbeat.beat());
    }
  }
}
