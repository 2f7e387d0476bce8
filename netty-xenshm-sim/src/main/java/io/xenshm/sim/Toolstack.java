package io.xenshm.sim;

import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes to XenStore what {@code xl create} writes for a guest with one network card, and removes
 * it as {@code xl destroy} does.
 */
final class Toolstack {
  /** State of a device whose two ends work (xen/io/xenbus.h, {@code XenbusStateConnected}). */
  private static final String CONNECTED = "4";

  private final SimXenStore xenStore;
  private final Path directory;
  private final Map<Integer, UUID> restored = new ConcurrentHashMap<>();

  Toolstack(SimXenStore xenStore, Path directory) {
    this.xenStore = xenStore;
    this.directory = directory;
  }

  void create(SimulatedDomain guest) throws IOException {
    xenStore.addDomain(guest.id());
    writeOwnNodes(guest);
  }

  /** Writes a guest's nodes again, for a XenStore that lost its contents. */
  void writeNodes(SimulatedDomain guest) throws IOException {
    xenStore.createNodes(guest.id());
    writeOwnNodes(guest);
  }

  private void writeOwnNodes(SimulatedDomain guest) throws IOException {
    String domain = "/local/domain/" + guest.id();
    String vm = vm(guest.id());
    write(domain + "/name", guest.name(), guest.id());
    write(domain + "/domid", Integer.toString(guest.id()), guest.id());
    write(domain + "/vm", vm, guest.id());
    write(vm, "", guest.id());
    write(vm + "/name", guest.name(), guest.id());
    write(vm + "/uuid", uuid(guest.id()).toString(), guest.id());
    createNetworkCard(guest);
  }

  private void createNetworkCard(SimulatedDomain guest) throws XenStoreException {
    int id = guest.id();
    String frontEnd = "/local/domain/" + id + "/device/vif/0";
    String backEnd = backEnds(id) + "/0";
    write(backEnds(id), "", id);
    write(backEnd, "", id);
    write(backEnd + "/frontend", frontEnd, id);
    write(backEnd + "/frontend-id", Integer.toString(id), id);
    write(backEnd + "/online", "1", id);
    write(backEnd + "/script", "/etc/xen/scripts/vif-bridge", id);
    write(backEnd + "/mac", guest.mac(), id);
    write(backEnd + "/ip", guest.address(), id);
    write(backEnd + "/bridge", guest.network(), id);
    write(backEnd + "/handle", "0", id);
    write(backEnd + "/type", "vif", id);
    write(backEnd + "/state", CONNECTED, id);
    write("/local/domain/" + id + "/device", "", id);
    write("/local/domain/" + id + "/device/vif", "", id);
    writeGuestOwned(frontEnd, "", id);
    writeGuestOwned(frontEnd + "/backend", backEnd, id);
    writeGuestOwned(frontEnd + "/backend-id", "0", id);
    writeGuestOwned(frontEnd + "/handle", "0", id);
    writeGuestOwned(frontEnd + "/mac", guest.mac(), id);
    writeGuestOwned(frontEnd + "/state", CONNECTED, id);
  }

  void destroy(int domainId) {
    xenStore.remove(backEnds(domainId));
    xenStore.remove(vm(domainId));
    xenStore.removeDomain(domainId);
    restored.remove(domainId);
  }

  /** Has a guest that was suspended go on under another number, with the UUID that it had. */
  void restore(int domainId, SimulatedDomain resumed) throws IOException {
    UUID uuid = uuid(domainId);
    destroy(domainId);
    restored.put(resumed.id(), uuid);
    create(resumed);
  }

  /**
   * Returns a guest's UUID: the same whenever this host starts a guest with this number, but for
   * one that had another number before.
   */
  private UUID uuid(int domainId) {
    UUID kept = restored.get(domainId);
    return kept != null
        ? kept
        : UUID.nameUUIDFromBytes((directory + "#" + domainId).getBytes(StandardCharsets.UTF_8));
  }

  private String vm(int domainId) {
    return "/vm/" + uuid(domainId);
  }

  private static String backEnds(int domainId) {
    return "/local/domain/0/backend/vif/" + domainId;
  }

  private void write(String path, String value, int reader) throws XenStoreException {
    xenStore.write(path, value, "n0", "r" + reader);
  }

  private void writeGuestOwned(String path, String value, int owner) throws XenStoreException {
    xenStore.write(path, value, "n" + owner, "r0");
  }
}
