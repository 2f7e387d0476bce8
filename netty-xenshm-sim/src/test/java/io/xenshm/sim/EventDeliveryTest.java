package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No event is lost, however many there are. */
class EventDeliveryTest {
  private static final int CHANNELS = 8;
  private static final int EVENTS = 5_000;
  private static final int NO_PORT = 1_000_000;

  private SimulatedHost host;
  private SimulatedXen one;
  private SimulatedXen two;

  @BeforeEach
  void start() throws IOException {
    host = SimulatedHost.start(SimulatedHostConfig.of(TestDirectories.create(), 2));
    one = SimulatedXen.open(host.directory(), 1);
    two = SimulatedXen.open(host.directory(), 2);
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    host.close();
  }

  @Test
  void theLastEventOfEachOfManySendersIsSeen() throws Exception {
    EventChannels receiver = one.openEventChannels();
    AtomicIntegerArray sent = new AtomicIntegerArray(CHANNELS + 1);
    List<FutureTask<Void>> senders = new ArrayList<>();
    for (int i = 0; i < CHANNELS; i++) {
      int port = receiver.bindUnbound(2);
      EventChannels sender = two.openEventChannels();
      int own = sender.bindInterdomain(1, port);
      senders.add(
          new FutureTask<>(
              () -> {
                for (int event = 1; event <= EVENTS; event++) {
                  sent.set(port, event);
                  sender.notify(own);
                }
                return null;
              }));
    }
    for (FutureTask<Void> sender : senders) {
      new Thread(sender).start();
    }
    int[] seen = new int[CHANNELS + 1];
    int[] ports = new int[3];
    Await.until(
        "the last event of each sender",
        () -> {
          Posix.poll(100, receiver.fileDescriptor());
          int count = receiver.poll(ports);
          receiver.unmask(ports, count);
          boolean all = true;
          for (int i = 0; i < count; i++) {
            seen[ports[i]] = sent.get(ports[i]);
          }
          for (int port = 1; port <= CHANNELS; port++) {
            all &= seen[port] == EVENTS;
          }
          return all;
        });
    for (FutureTask<Void> sender : senders) {
      sender.get();
    }
  }

  @Test
  void aFullDoorbellLosesNoEvent() throws Exception {
    EventChannels receiver = one.openEventChannels();
    EventChannels sender = two.openEventChannels();
    fill(receiver.fileDescriptor());
    int[] live = new int[50];
    int[] senders = new int[live.length];
    for (int i = 0; i < live.length; i++) {
      live[i] = receiver.bindUnbound(2);
      senders[i] = sender.bindInterdomain(1, live[i]);
      sender.notify(senders[i]);
    }
    BitSet taken = new BitSet();
    int[] ports = new int[64];
    int others = 0;
    while (Posix.poll(0, receiver.fileDescriptor())[0] != 0) {
      int count = receiver.poll(ports);
      for (int i = 0; i < count; i++) {
        if (ports[i] == NO_PORT) {
          others++;
        } else {
          taken.set(ports[i]);
        }
      }
    }
    assertTrue(others > 1000, "the FIFO was full: " + others);
    for (int port : live) {
      assertTrue(taken.get(port), "the event on port " + port);
    }
    receiver.unmask(live, live.length);
    for (int own : senders) {
      sender.notify(own);
    }
    taken.clear();
    for (int count = receiver.poll(ports); count > 0; count = receiver.poll(ports)) {
      for (int i = 0; i < count; i++) {
        taken.set(ports[i]);
      }
    }
    assertEquals(live.length, taken.cardinality(), "events after that");
  }

  @Test
  void aPeersDoorbellsAreClosedWithThePortsThatLeadThere() throws Exception {
    EventChannels sender = one.openEventChannels();
    long before = openDoorbells();
    for (int i = 0; i < 50; i++) {
      int port = sender.bindUnbound(2);
      EventChannels receiver = two.openEventChannels();
      receiver.bindInterdomain(1, port);
      sender.notify(port);
      assertEquals(1, receiver.poll(new int[4]), "events");
      receiver.close();
      sender.unbind(port);
    }
    assertEquals(before, openDoorbells(), "open doorbells");
  }

  /** Fills a FIFO with a port that nobody has, as closed ports that nobody read would. */
  private static void fill(int fifo) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(JAVA_INT);
      entry.set(JAVA_INT, 0, NO_PORT);
      MemorySegment page = arena.allocate(4096);
      for (long at = 0; at < page.byteSize(); at += Integer.BYTES) {
        page.set(JAVA_INT, at, NO_PORT);
      }
      int written;
      do {
        written = Posix.tryWrite(fifo, page);
      } while (written > 0);
      do {
        written = Posix.tryWrite(fifo, entry);
      } while (written > 0);
    }
  }

  /** Returns how many descriptors of this JVM are doorbells of this test's host. */
  private long openDoorbells() throws IOException {
    String doorbells = host.directory().resolve("doorbells").toString();
    long count = 0;
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors) {
        if (isBelow(doorbells, descriptor)) {
          count++;
        }
      }
    }
    return count;
  }

  private static boolean isBelow(String directory, Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith(directory);
    } catch (NoSuchFileException e) {
      return false; // closed by another thread since it was listed
    }
  }
}
