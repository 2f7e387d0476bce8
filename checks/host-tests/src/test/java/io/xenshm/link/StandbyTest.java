package io.xenshm.link;

import static io.xenshm.link.ListeningProgram.DOMAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.ChildJvm;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.TestDirectories;
import io.xenshm.xen.Xen;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One process of a domain takes the place of another one that was killed. */
@Timeout(120)
class StandbyTest {
  private static final int PORT = 7001;

  @TempDir private Path temporary;
  private SimulatedHost host;
  private Path locks;
  private Path otherLocks;
  private final List<Xen> opened = new ArrayList<>();
  private final List<LinkNode> nodes = new ArrayList<>();
  private ChildJvm first;

  @BeforeEach
  void start() throws Exception {
    host = SimulatedHost.start(SimulatedHostConfig.of(TestDirectories.create(), 2).withoutAgent());
    locks = Files.createDirectory(temporary.resolve("locks"));
    otherLocks = Files.createDirectory(temporary.resolve("others"));
  }

  @AfterEach
  void stop() throws Exception {
    nodes.forEach(LinkNode::release);
    opened.forEach(Xen::close);
    if (first != null) {
      first.kill();
    }
    host.close();
  }

  private LinkNode node(Path directory) throws Exception {
    Xen xen = ListeningProgram.withLocksIn(directory, SimulatedXen.open(host.directory(), DOMAIN));
    opened.add(xen);
    LinkNode node = LinkNode.acquire(xen);
    nodes.add(node);
    node.ready().get();
    return node;
  }

  private void startFirst() throws Exception {
    first =
        ChildJvm.start(
            ListeningProgram.class, host.directory().toString(), locks.toString(), "" + PORT);
  }

  private List<String> records() {
    return host.xenStore().paths(DOMAIN).stream()
        .filter(path -> path.contains("/listen/" + PORT + "/"))
        .toList();
  }

  @Test
  void theRecordOfTheKilledOneGoesWhenItsStandbyBinds() throws Exception {
    startFirst();
    LinkNode standby = node(locks);
    ExecutionException taken =
        assertThrows(ExecutionException.class, () -> ListeningProgram.bind(standby, PORT));
    assertInstanceOf(BindException.class, taken.getCause());
    String before = records().get(0);

    first.kill();
    ListeningProgram.bind(standby, PORT);

    assertEquals(1, records().size(), records()::toString);
    assertTrue(!records().contains(before), records()::toString);
  }

  /** As a container that has a /run of its own, beside one of the same domain. */
  @Test
  void aRecordOfAnotherDirectoryOfLocksStaysAndCounts() throws Exception {
    startFirst();
    List<String> before = records();
    assertEquals(1, before.size());

    LinkNode beside = node(otherLocks);
    assertEquals(before, records(), "after the sweep");
    ExecutionException taken =
        assertThrows(ExecutionException.class, () -> ListeningProgram.bind(beside, PORT));
    String message = taken.getCause().getMessage();
    assertTrue(message.contains(otherLocks.toString()), message);
    assertTrue(message.contains("remove " + before.get(0)), message);

    first.kill();
    node(locks); // one that can tell sweeps
    ListeningProgram.bind(beside, PORT);
    assertTrue(!records().contains(before.get(0)), records()::toString);
  }
}
