package io.xenshm.xen.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import java.io.IOException;
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
  private static final int EVENTS = 20_000;

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
  void aDoorbellThatIsFullOfClosedPortsLosesNoEvent() throws Exception {
    EventChannels receiver = one.openEventChannels();
    EventChannels sender = two.openEventChannels();
    // Each bind leaves an entry in the FIFO, and nobody reads: 16,384 of them fill it.
    int unread = 17_000;
    int remote = sender.bindUnbound(1);
    for (int i = 0; i < unread; i++) {
      receiver.unbind(receiver.bindInterdomain(2, remote));
    }
    int[] live = new int[50];
    int[] senders = new int[live.length];
    for (int i = 0; i < live.length; i++) {
      live[i] = receiver.bindUnbound(2);
      senders[i] = sender.bindInterdomain(1, live[i]);
      sender.notify(senders[i]);
    }
    BitSet taken = new BitSet();
    int[] ports = new int[64];
    int stale = 0;
    while (Posix.poll(0, receiver.fileDescriptor())[0] != 0) {
      int count = receiver.poll(ports);
      for (int i = 0; i < count; i++) {
        taken.set(ports[i]);
      }
      stale += count;
    }
    assertTrue(stale > 16_000, "the FIFO was full: " + stale);
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
    long before = openDescriptors();
    for (int i = 0; i < 50; i++) {
      int port = sender.bindUnbound(2);
      EventChannels receiver = two.openEventChannels();
      receiver.bindInterdomain(1, port);
      sender.notify(port);
      assertEquals(1, receiver.poll(new int[4]), "events");
      receiver.close();
      sender.unbind(port);
    }
    assertEquals(before, openDescriptors(), "open descriptors");
  }

  private static long openDescriptors() throws IOException {
    try (var descriptors = java.nio.file.Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
      return descriptors.count();
    }
  }
}
