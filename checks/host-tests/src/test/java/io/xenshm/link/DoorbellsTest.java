package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.embedded.EmbeddedChannel;
import io.xenshm.xen.EventChannels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DoorbellsTest {
  private static final int NOISY = 3;
  private static final int QUIET = 4;

  /** Two events in a window of 2 ms. */
  private static final int EVENTS_PER_SECOND = 1000;

  private final Channels channels = new Channels();
  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final List<Integer> rung = new ArrayList<>();

  /** Ports with which bytes moved since the event before. */
  private final Set<Integer> moving = new HashSet<>();

  private Doorbells doorbells;
  private long now = Long.MAX_VALUE - 5;

  @BeforeEach
  void create() {
    clock.freezeTime();
    System.setProperty(PeerLimit.DOORBELLS.property(), Integer.toString(EVENTS_PER_SECOND));
    doorbells =
        new Doorbells(
            channels,
            new DoorbellMeter(
                new PeerLimits(() -> now, new PeerWarnings(clock.eventLoop())), () -> now),
            clock.eventLoop());
  }

  @AfterEach
  void close() {
    System.clearProperty(PeerLimit.DOORBELLS.property());
    doorbells.close();
    clock.finish();
  }

  private int bind(int domain) throws Exception {
    int port = doorbells.bindUnbound(domain, IgnoringHandler.INSTANCE);
    doorbells.replaceHandler(
        port,
        new DoorbellHandler() {
          @Override
          public void rung() {
            rung.add(port);
          }

          @Override
          public boolean movedBytes() {
            return moving.remove(port);
          }

          @Override
          public void suspended() {}

          @Override
          public void loopEnds() {}
        });
    return port;
  }

  private void event(int... ports) throws Exception {
    for (int port : ports) {
      channels.pending.add(port);
    }
    doorbells.dispatch();
  }

  @Test
  void whateverAHandlerThrowsTheOthersAreAnsweredAndAllPortsUnmasked() throws Exception {
    int failing = bind(QUIET);
    int other = bind(QUIET);
    doorbells.replaceHandler(
        failing,
        new DoorbellHandler() {
          @Override
          public void rung() {
            throw new StackOverflowError("of a handler");
          }

          @Override
          public void suspended() {}

          @Override
          public void loopEnds() {
            throw new AssertionError("of a handler");
          }
        });

    event(failing, other);

    assertEquals(List.of(other), rung);
    assertEquals(List.of(failing, other), channels.unmasked);
  }

  @Test
  void aPortIsUnmaskedAfterItsEvent() throws Exception {
    int port = bind(QUIET);

    event(port);

    assertEquals(List.of(port), rung);
    assertEquals(List.of(port), channels.unmasked);
  }

  @Test
  void a13PortsOfADomainThatRingsTooOftenStayMaskedForAMomentAndOthersDoNot() throws Exception {
    long before = PeerLimits.reached(PeerLimit.DOORBELLS);
    int noisy = bind(NOISY);
    int second = bind(NOISY);
    int quiet = bind(QUIET);
    event(noisy);
    event(noisy);
    channels.unmasked.clear();

    event(noisy, second, quiet);

    assertEquals(List.of(noisy, noisy, noisy, second, quiet), rung, "the events are told");
    assertEquals(List.of(quiet), channels.unmasked);
    assertEquals(before + 1, PeerLimits.reached(PeerLimit.DOORBELLS));

    pass(DoorbellMeter.WINDOW_NANOS);
    assertEquals(List.of(quiet, noisy, second), channels.unmasked);
    channels.unmasked.clear();
    event(noisy);
    assertEquals(List.of(noisy), channels.unmasked, "a new window");
  }

  @Test
  void eventsWithWhichBytesMovedAreNotCountedHoweverManyPortsThereAre() throws Exception {
    long before = PeerLimits.reached(PeerLimit.DOORBELLS);
    int[] ports = new int[64];
    for (int i = 0; i < ports.length; i++) {
      ports[i] = bind(QUIET);
    }
    for (int i = 0; i < 10; i++) {
      for (int port : ports) {
        moving.add(port);
      }
      event(ports);
    }

    assertEquals(10 * ports.length, channels.unmasked.size());
    assertEquals(before, PeerLimits.reached(PeerLimit.DOORBELLS));
  }

  /** The loop may have read what an event tells before it takes the event. */
  @Test
  void anEventOfUsePaysForTwoThatCameTooLate() throws Exception {
    long before = PeerLimits.reached(PeerLimit.DOORBELLS);
    int port = bind(QUIET);
    for (int i = 0; i < 20; i++) {
      moving.add(port);
      event(port);
      event(port);
      event(port);
    }

    assertEquals(before, PeerLimits.reached(PeerLimit.DOORBELLS));
  }

  @Test
  void a13WorkOfBeforePaysForNoMoreThanOneWindowOfAStorm() throws Exception {
    long before = PeerLimits.reached(PeerLimit.DOORBELLS);
    int port = bind(NOISY);
    for (int i = 0; i < 1000; i++) {
      moving.add(port);
      event(port);
    }
    for (int i = 0; i < 4; i++) {
      event(port);
    }
    assertEquals(before, PeerLimits.reached(PeerLimit.DOORBELLS));

    event(port);
    assertEquals(before + 1, PeerLimits.reached(PeerLimit.DOORBELLS));
  }

  private void pass(long nanos) {
    now += nanos;
    clock.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
    clock.runScheduledPendingTasks();
  }

  private static final class Channels implements EventChannels {
    private final List<Integer> pending = new ArrayList<>();
    private final List<Integer> unmasked = new ArrayList<>();
    private int lastPort;

    @Override
    public int fileDescriptor() {
      return -1;
    }

    @Override
    public int bindUnbound(int remoteDomainId) {
      return ++lastPort;
    }

    @Override
    public int bindInterdomain(int remoteDomainId, int remotePort) {
      return ++lastPort;
    }

    @Override
    public void notify(int port) {}

    @Override
    public int poll(int[] ports) {
      int count = pending.size();
      for (int i = 0; i < count; i++) {
        ports[i] = pending.get(i);
      }
      pending.clear();
      return count;
    }

    @Override
    public void unmask(int[] ports, int count) {
      for (int i = 0; i < count; i++) {
        unmasked.add(ports[i]);
      }
    }

    @Override
    public void unbind(int port) {}

    @Override
    public void close() {}
  }
}
