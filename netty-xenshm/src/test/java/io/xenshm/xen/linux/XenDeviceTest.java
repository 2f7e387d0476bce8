package io.xenshm.xen.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.xenshm.posix.Posix;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XenDeviceTest {
  @TempDir Path root;

  @Test
  void theDescriptorOutlivesACallThatIsUnderWay() throws Exception {
    LinuxXenPaths paths = new FakeMachine(root).pipe(XenDeviceKind.EVTCHN).paths();
    XenDevice device = XenDevice.open(paths, XenDeviceKind.EVTCHN, 0);
    Path link = Path.of("/proc/self/fd", Integer.toString(device.descriptor()));
    Path target = Files.readSymbolicLink(link);
    CountDownLatch reading = new CountDownLatch(1);
    CompletableFuture<Integer> read =
        CompletableFuture.supplyAsync(
            () -> {
              try (Arena arena = Arena.ofConfined()) {
                reading.countDown();
                return device.read(arena.allocate(4));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    reading.await();
    // From the latch to the call itself there is no telling; both orders end well below.
    device.close();
    if (Files.exists(link) && Files.readSymbolicLink(link).equals(target)) {
      int other = Posix.open(paths.device(XenDeviceKind.EVTCHN).toString(), Posix.O_RDWR);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment four = arena.allocate(4);
        four.set(JAVA_BYTE, 0, (byte) 1);
        Posix.write(other, four);
        assertEquals(4, read.get(60, TimeUnit.SECONDS));
      } finally {
        Posix.close(other);
      }
    } else {
      assertThrows(Exception.class, () -> read.get(60, TimeUnit.SECONDS));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      assertThrows(XenException.class, () -> device.read(one));
    }
  }
}
