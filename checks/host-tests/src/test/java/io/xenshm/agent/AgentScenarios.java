package io.xenshm.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.directory.IpAddresses;
import io.xenshm.directory.PeerEntry;
import io.xenshm.directory.PeerNodes;
import io.xenshm.sim.Await;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent against a XenStore daemon. */
@Timeout(120)
abstract class AgentScenarios {
  private static final String WEB =
      "1 1 11111111-0000-4000-8000-000000000001 00:16:3e:00:00:01 web";
  private static final String DB = "1 2 22222222-0000-4000-8000-000000000002 00:16:3e:00:00:02 db";
  private static final String WEB_SERVER = WEB + " server";

  @TempDir private Path temporary;
  private XenStore store;
  private HostNodes host;
  private DirectoryAgent agent;

  abstract XenStoreEndpoint endpoint() throws Exception;

  @BeforeEach
  void connect() throws Exception {
    store = XenStoreClient.connect(endpoint());
    for (String path : List.of("/local/domain", "/libxl", "/xapi", "/xenops")) {
      HostNodes.get(store.remove(path).handle((ok, failure) -> null));
    }
    host = new HostNodes(store);
  }

  @AfterEach
  void close() {
    stopAgent();
    store.close();
  }

  XenStore store() {
    return store;
  }

  HostNodes host() {
    return host;
  }

  void startAgent() throws IOException {
    agent = DirectoryAgent.start(store, AgentConfig.DEFAULT);
  }

  private void startAgent(AgentConfig config) throws IOException {
    agent = DirectoryAgent.start(store, config);
  }

  private void startTrusting(String... guests) throws IOException {
    startAgent(new AgentConfig(null, Set.of(guests)));
  }

  void stopAgent() {
    if (agent != null) {
      agent.close();
      agent = null;
    }
  }

  void awaitView(int id, Map<String, String> expected) throws Exception {
    Await.until("view of " + id + ": " + expected, () -> expected.equals(host.view(id)));
  }

  @Test
  void xlGuestsSeeThoseOnTheirOwnNetworks() throws Exception {
    host.load("xl.nodes");
    startAgent();
    Map<String, String> onBridge =
        Map.of(
            "xenbr0/10-0-0-1", WEB,
            "xenbr0/fd00_0_0_0_0_0_0_1", WEB,
            "xenbr0/10-0-0-2", DB);
    assertEquals(onBridge, host.view(1));
    String dbOnVlan = DB.replace("00:00:02", "00:01:02");
    String batch = "1 3 33333333-0000-4000-8000-000000000003 00:16:3e:00:01:03 batch";
    Map<String, String> onVlan =
        Map.of("br0_2E100/mac-00163e000102", dbOnVlan, "br0_2E100/10-0-0-1", batch);
    assertEquals(onVlan, host.view(3));
    SortedMap<String, String> both = new TreeMap<>(onBridge);
    both.putAll(onVlan);
    assertEquals(both, host.view(2));
  }

  /** The process is to end then, for systemd to start it again. */
  @Test
  void anErrorEndsTheWorkAndIsTold() throws Exception {
    host.load("xl.nodes");
    AtomicBoolean breaks = new AtomicBoolean();
    XenStore breaking =
        (XenStore)
            Proxy.newProxyInstance(
                XenStore.class.getClassLoader(),
                new Class<?>[] {XenStore.class},
                (proxy, method, arguments) -> {
                  if (breaks.get() && method.getName().equals("list")) {
                    throw new OutOfMemoryError("not a real one");
                  }
                  return method.invoke(store, arguments);
                });
    agent = DirectoryAgent.start(breaking, AgentConfig.DEFAULT);
    breaks.set(true);
    host.load("xapi.nodes");
    assertEquals("not a real one", agent.awaitError().getMessage());
  }

  @Test
  void aViewIsReadableByItsGuestAlone() throws Exception {
    host.load("xl.nodes");
    startAgent();
    List<Permission> permissions = Permission.list("n0", "r2");
    for (String below : List.of("", "/peers", "/peers/xenbr0", "/peers/xenbr0/10-0-0-1")) {
      assertEquals(permissions, host.permissions("/local/domain/2/xenshm" + below));
    }
  }

  @Test
  void xapiGuestsAreFoundByTheAddressesThatTheyAreLockedTo() throws Exception {
    host.load("xapi.nodes");
    startAgent();
    Map<String, String> expected =
        Map.of(
            "xapi1/10-0-0-1", WEB_SERVER,
            "xapi1/10-0-0-11", WEB_SERVER,
            "xapi1/fd00_0_0_0_0_0_0_1", WEB_SERVER,
            "xapi1/mac-00163e000002", DB);
    assertEquals(expected, host.view(1));
    assertEquals(expected, host.view(2));
  }

  @Test
  void aDriverDomainsBridgeIsANetworkOfItsOwnAndItsWordsDoNotCount() throws Exception {
    host.load("driver-domain.nodes");
    startAgent();
    Map<String, String> behindDriver =
        Map.of("xenbr0_257/10-0-0-1", WEB, "xenbr0_257/10-0-0-2", DB);
    assertEquals(behindDriver, host.view(1));
    assertEquals(behindDriver, host.view(2));
    assertEquals(
        Map.of(
            "xenbr0/10-0-0-2", "1 3 33333333-0000-4000-8000-000000000003 00:16:3e:00:00:03 batch"),
        host.view(3));
    assertEquals(Map.of(), host.view(7));
  }

  @Test
  void whatAGuestSaysOfItselfDoesNotCount() throws Exception {
    host.load("xl.nodes");
    Map<String, String> before = viewWithAgent(1);
    host.write("/local/domain/2/attr/vif/0/ipv4/0", "10.0.0.1");
    host.write("/local/domain/2/attr/vif/0/ipv4/1", "10.0.0.77");
    host.write("/local/domain/2/attr/eth0/ip", "10.0.0.78");
    host.write("/local/domain/2/data/xenshm/vif/0/ip", "10.0.0.79");
    host.write("/local/domain/2/device/vif/0/mac", "00:16:3e:00:00:01");
    host.write("/local/domain/2/device/vif/0/backend", "/local/domain/2/data/vif/2/0");
    assertEquals(before, viewWithAgent(1));
  }

  private SortedMap<String, String> viewWithAgent(int id) throws Exception {
    startAgent();
    SortedMap<String, String> view = host.view(id);
    stopAgent();
    return view;
  }

  @Test
  void aTrustedGuestsWordsCountButTakeNothingAway() throws Exception {
    host.load("xapi.nodes");
    host.write("/local/domain/2/attr/vif/0/ipv4/0", "10.0.0.2");
    host.write("/local/domain/2/attr/vif/0/ipv4/1", "10.0.0.1"); // web's, by configuration
    host.write("/local/domain/2/attr/vif/0/ipv6/0", "fd00::2");
    host.write("/local/domain/2/attr/vif/0/ipv4/2", "127.0.0.1");
    host.write("/local/domain/2/attr/vif/0/ipv4/3", "nonsense");
    startTrusting("22222222-0000-4000-8000-000000000002".toUpperCase(Locale.ROOT));
    assertEquals(
        Map.of(
            "xapi1/10-0-0-1", WEB_SERVER,
            "xapi1/10-0-0-11", WEB_SERVER,
            "xapi1/fd00_0_0_0_0_0_0_1", WEB_SERVER,
            "xapi1/10-0-0-2", DB,
            "xapi1/fd00_0_0_0_0_0_0_2", DB),
        host.view(1));
  }

  @Test
  void aTrustedGuestsWordsAreFollowed() throws Exception {
    host.load("xapi.nodes");
    host.write("/local/domain/1/name", "web");
    HostNodes.get(
        store.remove("/xapi/11111111-0000-4000-8000-000000000001/private/vif/0/locking-mode"));
    startTrusting("db");
    awaitView(1, Map.of("xapi1/mac-00163e000001", WEB, "xapi1/10-0-0-2", DB));
    host.write("/local/domain/2/attr/vif/0/ipv4/0", "10.0.0.22");
    awaitView(1, Map.of("xapi1/mac-00163e000001", WEB, "xapi1/10-0-0-22", DB));
    host.write("/local/domain/2/data/xenshm/vif/0/ip", "10.0.0.23 fd00::23");
    awaitView(
        1,
        Map.of(
            "xapi1/mac-00163e000001", WEB,
            "xapi1/10-0-0-22", DB,
            "xapi1/10-0-0-23", DB,
            "xapi1/fd00_0_0_0_0_0_0_23", DB));
  }

  @Test
  void anAddressOfTwoGuestsOnANetworkIsShownToNobody() throws Exception {
    host.addGuest(1, "a", "10.0.0.1", "xenbr0");
    host.addGuest(2, "b", "10.0.0.1 10.0.0.2", "xenbr0");
    host.addGuest(3, "c", "10.0.0.1", "xenbr1");
    startAgent();
    assertEquals(Set.of("xenbr0/mac-00163e000001", "xenbr0/10-0-0-2"), host.view(1).keySet());
    assertEquals(Set.of("xenbr1/10-0-0-1"), host.view(3).keySet());
  }

  @Test
  void aMacAddressOfTwoGuestsOnANetworkIsShownToNobody() throws Exception {
    for (int id = 1; id <= 3; id++) {
      host.addGuest(id, "guest-" + id, id == 1 ? "10.0.0.1" : "", "xenbr0");
    }
    host.write("/local/domain/0/backend/vif/2/0/mac", "00:16:3e:00:00:01");
    startAgent();
    assertEquals(
        Map.of(
            "xenbr0/10-0-0-1",
            "1 1 00000001-0000-4000-8000-000000000001 - guest-1",
            "xenbr0/mac-00163e000003",
            "1 3 00000003-0000-4000-8000-000000000003 00:16:3e:00:00:03 guest-3"),
        host.view(3));
    assertEquals(host.view(3), host.view(2));
  }

  @Test
  void halfMadeAndStrangeGuestsDisturbNobody() throws Exception {
    host.addGuest(1, "a", "10.0.0.1", "xenbr0");
    host.write("/local/domain/2", "");
    host.write("/local/domain/0/backend/vif/2/0", "");
    host.write("/local/domain/3/vm", "nonsense");
    host.write("/local/domain/0/backend/vif/3/0/mac", "00:16:3e:00:00:03");
    host.write("/local/domain/4/vm", "/vm/../../etc");
    host.write("/local/domain/0/backend/vif/4/x/mac", "00:16:3e:00:00:04");
    host.write("/local/domain/0/backend/vif/4/0/bridge", "x".repeat(100));
    host.write("/local/domain/0/backend/vif/4/0/ip", "10.0.0.4");
    host.write("/local/domain/0/backend/vif/4/1/bridge", "xenbr0");
    host.write(
        "/local/domain/0/backend/vif/4/1/ip", "not an address, 10.0.0.0/24 224.0.0.1 10.0.0.5/33");
    host.write("/local/domain/strange/vm", "x");
    host.write("/libxl/5/device/vif/0/backend", "/local/domain/0/backend/vif/1/0");
    host.write("/local/domain/5", "");
    startAgent();
    assertEquals(Set.of("xenbr0/10-0-0-1"), host.view(1).keySet());
    for (int id = 2; id <= 5; id++) {
      assertEquals(Map.of(), host.view(id));
    }
  }

  @Test
  void guestsComeAndGo() throws Exception {
    host.addGuest(1, "a", "10.0.0.1", "xenbr0");
    startAgent();
    assertEquals(Set.of("xenbr0/10-0-0-1"), host.view(1).keySet());
    host.addGuest(2, "b", "10.0.0.2", "xenbr0");
    awaitNodes(1, "xenbr0/10-0-0-1", "xenbr0/10-0-0-2");
    awaitNodes(2, "xenbr0/10-0-0-1", "xenbr0/10-0-0-2");
    host.write("/local/domain/0/backend/vif/2/0/ip", "10.0.0.22");
    awaitNodes(1, "xenbr0/10-0-0-1", "xenbr0/10-0-0-22");
    host.removeGuest(2);
    awaitNodes(1, "xenbr0/10-0-0-1");
    assertFalse(host.exists("/local/domain/2"));
    host.write("/local/domain/0/backend/vif/1/0/bridge", "xenbr1");
    awaitNodes(1, "xenbr1/10-0-0-1");
    HostNodes.get(store.remove("/local/domain/0/backend/vif/1"));
    HostNodes.get(store.remove("/libxl/1"));
    awaitNodes(1);
  }

  private void awaitNodes(int id, String... nodes) throws Exception {
    Await.until(
        "nodes of " + id + ": " + List.of(nodes),
        () -> host.view(id) != null && host.view(id).keySet().equals(Set.of(nodes)));
  }

  @Test
  void aViewOutlivesItsAgentAndTheNextOneTakesItOver() throws Exception {
    host.addGuest(1, "a", "10.0.0.1", "xenbr0");
    host.addGuest(2, "b", "10.0.0.2", "xenbr0");
    startAgent();
    stopAgent();
    assertEquals(2, host.view(1).size());
    host.removeGuest(2);
    host.addGuest(3, "c", "10.0.0.3", "xenbr0");
    host.write("/local/domain/1/xenshm/peers/old/10-0-0-9", "1 9 - - old");
    host.write("/local/domain/1/xenshm/peers/empty", "");
    assertTrue(host.view(1).containsKey("xenbr0/10-0-0-2"));
    startAgent();
    assertEquals(Set.of("xenbr0/10-0-0-1", "xenbr0/10-0-0-3"), host.view(1).keySet());
  }

  @Test
  void aPolicyNarrowsTheViews() throws Exception {
    for (int id = 1; id <= 4; id++) {
      host.addGuest(id, "guest-" + id, "10.0.0." + id, "xenbr0");
    }
    Path policy = temporary.resolve("policy");
    Files.writeString(
        policy,
        """
        # by name, and by UUID
        guest-1 00000002-0000-4000-8000-000000000002
        guest-2\tguest-3   # and these
        """);
    startAgent(new AgentConfig(policy, Set.of()));
    assertEquals(Set.of("xenbr0/10-0-0-1", "xenbr0/10-0-0-2"), host.view(1).keySet());
    assertEquals(3, host.view(2).size());
    assertEquals(Set.of("xenbr0/10-0-0-4"), host.view(4).keySet());
    rewrite(policy, "guest-1 *\n", 1);
    awaitNodes(4, "xenbr0/10-0-0-1", "xenbr0/10-0-0-2", "xenbr0/10-0-0-3", "xenbr0/10-0-0-4");
    rewrite(policy, "guest-1\n", 2); // malformed: the one before stays
    host.removeGuest(2);
    awaitNodes(4, "xenbr0/10-0-0-1", "xenbr0/10-0-0-3", "xenbr0/10-0-0-4");
    rewrite(policy, "", 3);
    awaitNodes(4, "xenbr0/10-0-0-4");
  }

  private static void rewrite(Path policy, String text, int minute) throws IOException {
    Path next = policy.resolveSibling("next");
    Files.writeString(next, text);
    Files.setLastModifiedTime(next, FileTime.fromMillis(60_000L * minute));
    Files.move(next, policy, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aMalformedPolicyIsRefusedAtTheStart() throws Exception {
    Path policy = temporary.resolve("policy");
    Files.writeString(policy, "a b\n\nalone\n");
    AgentConfig config = new AgentConfig(policy, Set.of());
    IOException e = assertThrows(IOException.class, () -> DirectoryAgent.start(store, config));
    assertTrue(e.getMessage().contains("line 3: 'alone' is alone"), e.getMessage());
  }

  @Test
  void isClearedOnRequest() throws Exception {
    host.addGuest(1, "a", "10.0.0.1", "xenbr0");
    startAgent();
    stopAgent();
    DirectoryAgent.clear(store);
    assertNull(host.view(1));
    assertFalse(host.exists("/local/domain/1/xenshm"));
    assertTrue(host.exists("/local/domain/1"));
    DirectoryAgent.clear(store);
  }

  @Test
  void aDomainThatIsGoneIsNotMadeAgain() throws Exception {
    ViewWriter writer = new ViewWriter(store);
    assertFalse(HostNodes.get(writer.write(9, entries(2, 9))));
    assertFalse(host.exists("/local/domain/9"));
    host.write("/local/domain/9", "");
    writer.forgetAll();
    assertTrue(HostNodes.get(writer.write(9, entries(2, 9))));
    HostNodes.get(store.remove("/local/domain/9"));
    assertFalse(HostNodes.get(writer.write(9, entries(3, 9))));
    assertFalse(host.exists("/local/domain/9"));
  }

  @Test
  void neverShowsHalfAView() throws Exception {
    host.write("/local/domain/9", "");
    ViewWriter writer = new ViewWriter(store);
    for (int round = 0; round < 20; round++) {
      CompletableFuture<Boolean> written = writer.write(9, entries(40, round));
      while (!written.isDone()) {
        assertWhole(host.view(9));
      }
      HostNodes.get(written);
      assertWhole(host.view(9));
    }
  }

  private static void assertWhole(SortedMap<String, String> view) {
    if (view != null && !view.isEmpty()) {
      assertEquals(40, view.size());
      assertEquals(1, view.values().stream().distinct().count());
    }
  }

  private static List<PeerEntry> entries(int count, int domain) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new PeerEntry(
                    "xenbr0",
                    IpAddresses.parse("fd00::" + (domain % 3) + ":" + i),
                    "",
                    domain,
                    "",
                    "x"))
        .toList();
  }

  @Test
  void directoriesStaySmallEnoughForAFrame() throws Exception {
    host.write("/local/domain/9", "");
    List<PeerEntry> entries = new ArrayList<>(entries(300, 9));
    HostNodes.get(new ViewWriter(store).write(9, entries));
    assertEquals(300, host.view(9).size());
    String peers = "/local/domain/9/xenshm/peers";
    List<String> parts = HostNodes.get(store.list(peers));
    assertTrue(parts.containsAll(List.of("xenbr0", "xenbr0@2")), parts.toString());
    for (String part : parts) {
      List<String> names = HostNodes.get(store.list(peers + '/' + part));
      int size =
          names.stream().mapToInt(n -> n.getBytes(StandardCharsets.US_ASCII).length + 1).sum();
      assertTrue(size <= 4096, part + ": " + size);
      assertEquals("xenbr0", PeerNodes.network(part));
    }
  }
}
