package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {
  private static final int RING = 8192;
  private static final long PAGE = 4096;
  private static final int PAGES = LinkMemory.pageCount(RING);

  private Path directory;
  private SimulatedHost host;
  private SimulatedXen xen;
  private MemoryPool pool;

  @BeforeEach
  void start() throws Exception {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-test");
    host = SimulatedHost.start(SimulatedHostConfig.of(directory.resolve("host"), 3));
    xen = SimulatedXen.open(host.directory(), 1);
    pool = new MemoryPool(xen.grants(), 2 * PAGES);
  }

  @AfterEach
  void stop() throws Exception {
    pool.close();
    assertEquals(0, host.accounting(1).grantedPages());
    xen.close();
    host.close();
    Files.delete(directory);
  }

  @Test
  void a24MemoryIsZeroedBeforeItIsUsedAgain() throws Exception {
    LinkMemory memory = pool.take(2, RING);
    memory.pages.memory().fill((byte) 0x5e);
    pool.give(memory);

    LinkMemory again = pool.take(2, RING);

    assertSame(memory, again);
    MemorySegment bytes = again.pages.memory();
    for (long i = 0; i < bytes.byteSize(); i++) {
      assertEquals(0, bytes.get(ValueLayout.JAVA_BYTE, i));
    }
    pool.give(again);
  }

  @Test
  void onlyWhatWasUsedIsZeroed() throws Exception {
    LinkMemory memory = pool.take(2, RING);
    long server = PAGE + RING;
    for (long used : new long[] {0, PAGE - 1, PAGE, PAGE + 9, server, server + RING - 1}) {
      memory.pages.memory().set(ValueLayout.JAVA_BYTE, used, (byte) 0x5e);
    }
    memory.pages.memory().set(ValueLayout.JAVA_BYTE, PAGE + 10, (byte) 0x5e);
    memory.setUsed(10, Long.MAX_VALUE);
    pool.give(memory);

    MemorySegment bytes = pool.take(2, RING).pages.memory();

    for (long i = 0; i < bytes.byteSize(); i++) {
      assertEquals(i == PAGE + 10 ? 0x5e : 0, bytes.get(ValueLayout.JAVA_BYTE, i));
    }
    pool.give(memory);
  }

  @Test
  void memoryOfOneDomainIsNeverAnothers() throws Exception {
    LinkMemory memory = pool.take(2, RING);
    pool.give(memory);

    LinkMemory other = pool.take(3, RING);

    assertNotSame(memory, other);
    assertEquals(3, other.peerDomain());
    pool.give(other);
  }

  @Test
  void idleMemoryIsBounded() throws Exception {
    LinkMemory[] taken = {pool.take(2, RING), pool.take(2, RING), pool.take(2, RING)};
    for (LinkMemory memory : taken) {
      pool.give(memory);
    }
    assertEquals(2 * PAGES, host.accounting(1).grantedPages());
  }

  @Test
  void memoryForADomainThatIsGoneIsGivenBack() throws Exception {
    pool.give(pool.take(2, RING));
    pool.forget(2);
    assertEquals(0, host.accounting(1).grantedPages());
  }
}
