package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeerWatchesTest {
  private static final ListenerPort PORT = new ListenerPort(LinkKind.STREAM, 80);
  private static final String PROCESS = "00000000000000a1";

  private Path directory;
  private SimulatedHost host;
  private SimulatedXen xen;
  private PeerWatches watches;

  @BeforeEach
  void start() throws Exception {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-test");
    host = SimulatedHost.start(SimulatedHostConfig.of(directory.resolve("host"), 5));
    xen = SimulatedXen.open(host.directory(), 1);
    watches = new PeerWatches(xen, new Witness(xen, PROCESS, new NothingToPublish()), domain -> {});
  }

  @AfterEach
  void stop() throws Exception {
    watches.close();
    xen.close();
    host.close();
    Files.delete(directory);
  }

  @Test
  void fewWatchesOutliveTheirLinks() throws Exception {
    for (int peer = 2; peer <= 5; peer++) {
      host.xenStore().write(StorePaths.listeners(peer), "", "n" + peer, "r1");
      watches.watch(peer, Role.CLIENT, Runnable::run, () -> {}).cancel();
    }
    settle();
    assertEquals(PeerWatches.MAX_IDLE, host.xenStore().watches(1));

    watches.close();
    settle();
    assertEquals(0, host.xenStore().watches(1));
  }

  @Test
  void listenersAreRememberedUntilTheyChange() throws Exception {
    announce("1 stream 10.0.0.2");
    watches.watch(2, Role.CLIENT, Runnable::run, () -> {});
    settle();

    Map<String, ListenerRecord> first = listeners();
    assertSame(first.get(PROCESS), listeners().get(PROCESS));
    assertTrue(first.get(PROCESS).listensAt(InetAddress.getByName("10.0.0.2")));

    announce("1 stream 10.0.0.3");
    settle();
    assertTrue(listeners().get(PROCESS).listensAt(InetAddress.getByName("10.0.0.3")));
  }

  @Test
  void nothingIsRememberedWithoutAWatch() throws Exception {
    announce("1 stream *");
    assertEquals(1, listeners().size());

    host.xenStore().remove(StorePaths.listener(2, PORT, PROCESS));
    assertEquals(0, listeners().size());
  }

  private void announce(String value) throws Exception {
    host.xenStore().write(StorePaths.listeners(2), "", "n2", "r1");
    host.xenStore().write(StorePaths.listeners(2, PORT), "", "n2", "r1");
    host.xenStore().write(StorePaths.listener(2, PORT, PROCESS), value, "n2", "r1");
  }

  private Map<String, ListenerRecord> listeners() throws Exception {
    return watches.listeners(2, PORT).get(10, TimeUnit.SECONDS);
  }

  /** Requests and events before this one have been seen: they come in order. */
  private void settle() throws Exception {
    BlockingQueue<String> seen = new ArrayBlockingQueue<>(8);
    var watch =
        xen.xenStore().watch("/local/domain/1/data/settle", seen::add).get(10, TimeUnit.SECONDS);
    assertEquals("/local/domain/1/data/settle", seen.poll(10, TimeUnit.SECONDS));
    xen.xenStore()
        .write("/local/domain/1/data/settle", "".getBytes(StandardCharsets.US_ASCII))
        .get(10, TimeUnit.SECONDS);
    assertEquals("/local/domain/1/data/settle", seen.poll(10, TimeUnit.SECONDS));
    watch.cancel().get(10, TimeUnit.SECONDS);
  }

  private static final class NothingToPublish implements Witness.Listener {
    @Override
    public void begin(boolean resumed, int domainId) {}

    @Override
    public void publish() {}
  }
}
