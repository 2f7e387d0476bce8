package io.xenshm.sim;

import java.util.ArrayList;
import java.util.List;

/** Notes what the hypervisor shows to the processes. */
final class RecordingHostFiles implements HostFiles {
  private final List<String> log = new ArrayList<>();

  /** Returns what happened since the last call. */
  List<String> take() {
    List<String> taken = List.copyOf(log);
    log.clear();
    return taken;
  }

  /** Returns the events that were raised since the last call. */
  List<String> takeEvents() {
    return take().stream().filter(line -> line.startsWith("raise")).toList();
  }

  @Override
  public void resetPorts(int domainId) {
    log.add("reset " + domainId);
  }

  @Override
  public void makeDoorbell(int doorbell) {
    log.add("doorbell " + doorbell);
  }

  @Override
  public void removeDoorbell(int doorbell) {
    log.add("remove doorbell " + doorbell);
  }

  @Override
  public void openPort(int domainId, int port, int doorbell) {
    log.add("open " + domainId + ":" + port);
  }

  @Override
  public void connectPort(int domainId, int port, int remoteDomainId, int remotePort) {
    log.add("connect " + domainId + ":" + port + " to " + remoteDomainId + ":" + remotePort);
  }

  @Override
  public void disconnectPort(int domainId, int port) {
    log.add("disconnect " + domainId + ":" + port);
  }

  @Override
  public void closePort(int domainId, int port) {
    log.add("close " + domainId + ":" + port);
  }

  @Override
  public void raise(int domainId, int port) {
    log.add("raise " + domainId + ":" + port);
  }

  @Override
  public void raiseForDead(int domainId, int port) {
    log.add("raise " + domainId + ":" + port + " for the dead");
  }

  @Override
  public void makePages(long handle, int count) {
    log.add("make " + count + " pages");
  }

  @Override
  public void clearByte(long handle, long offset) {
    log.add("clear byte " + offset);
  }

  @Override
  public void removePages(long handle) {
    log.add("remove pages " + handle);
  }
}
