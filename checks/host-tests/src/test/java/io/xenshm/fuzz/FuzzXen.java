package io.xenshm.fuzz;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import io.xenshm.xen.XenStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Xen in memory, for one thread: refuses as the input says, and counts what is held. */
public final class FuzzXen implements Xen, GrantTable {
  /** The domain that the code under test is in. */
  public static final int DOMAIN = 1;

  private final Path runtime;
  private final ScriptedStore store = new ScriptedStore();
  private final List<Pages> open = new ArrayList<>();
  private final Set<Integer> ports = new TreeSet<>();
  private FuzzInput input = new FuzzInput(new byte[0]);
  private int lastReference;
  private int lastPort;

  /** A Xen without pages and ports. */
  public FuzzXen() {
    try {
      runtime = Files.createTempDirectory("xenshm-fuzz");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    runtime.toFile().deleteOnExit();
  }

  /** Begins a run with what the input decides. */
  public void begin(FuzzInput input) {
    this.input = input;
    lastReference = 0;
    lastPort = 0;
  }

  /** Returns the pages that are held, the oldest first. */
  public List<MemorySegment> pages() {
    return open.stream().map(Pages::memory).toList();
  }

  /** Fails the run where anything is held still. */
  public void checkNothingHeld() {
    String held = open.size() + " mappings and the ports " + ports;
    open.forEach(pages -> pages.arena.close());
    open.clear();
    boolean nothing = ports.isEmpty() && held.startsWith("0 ");
    ports.clear();
    Fuzzing.check(nothing, "nothing is held at the end, but " + held);
  }

  /** Memory of a descriptor page or of rings, as the peer left it: what was granted stays zero. */
  @Override
  public SharedPages map(int domainId, int... references) throws XenException {
    refuse("map");
    Pages pages = new Pages(domainId, references);
    if (references.length == 1) {
      fill(pages.memory);
    }
    return pages;
  }

  private MemorySegment template = MemorySegment.ofArray(new byte[PAGE_SIZE]);

  /** Sets what the next page that is mapped alone holds. */
  public void setDescriptor(MemorySegment page) {
    template = page;
  }

  private void fill(MemorySegment memory) {
    memory.copyFrom(template);
  }

  @Override
  public SharedPages grant(int domainId, int count) throws XenException {
    refuse("grant");
    int[] references = new int[count];
    for (int i = 0; i < count; i++) {
      references[i] = ++lastReference;
    }
    return new Pages(domainId, references);
  }

  private void refuse(String operation) throws XenException {
    int choice = input.u8();
    if (choice == 255) {
      throw new XenException(operation + " refused, as the input says");
    }
    if (choice == 254) {
      throw new XenLimitException(operation + " over a limit, as the input says");
    }
  }

  @Override
  public boolean refresh(int domainId, boolean resumed) {
    return false;
  }

  @Override
  public int domainId() {
    return DOMAIN;
  }

  @Override
  public GrantTable grants() {
    return this;
  }

  @Override
  public EventChannels openEventChannels() {
    return new Channels();
  }

  @Override
  public XenStore xenStore() {
    return store;
  }

  /** Returns the store, to be scripted. */
  public ScriptedStore store() {
    return store;
  }

  @Override
  public Path runtimeDirectory() {
    return runtime;
  }

  @Override
  public void close() {
    store.close();
  }

  private final class Pages implements SharedPages {
    private final int peer;
    private final int[] references;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private long clearedAtClose = -1;

    Pages(int peer, int[] references) {
      this.peer = peer;
      this.references = references.clone();
      this.memory = arena.allocate((long) references.length * PAGE_SIZE, PAGE_SIZE);
      open.add(this);
    }

    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public int peerDomainId() {
      return peer;
    }

    @Override
    public int[] references() {
      return references.clone();
    }

    @Override
    public void notifyOnUnmap(long offset, EventChannels channels, int port) throws XenException {
      refuse("notification");
      Fuzzing.check(ports.contains(port), "the port of a notification is bound");
      clearedAtClose = offset;
    }

    @Override
    public void close() {
      if (open.remove(this)) {
        if (clearedAtClose >= 0) {
          memory.set(ValueLayout.JAVA_BYTE, clearedAtClose, (byte) 0);
        }
        arena.close();
      }
    }
  }

  private final class Channels implements EventChannels {
    @Override
    public int fileDescriptor() {
      return -1;
    }

    @Override
    public int bindUnbound(int remoteDomainId) throws XenException {
      refuse("bind");
      ports.add(++lastPort);
      return lastPort;
    }

    @Override
    public int bindInterdomain(int remoteDomainId, int remotePort) throws XenException {
      return bindUnbound(remoteDomainId);
    }

    @Override
    public void notify(int port) throws XenException {
      if (!ports.contains(port)) {
        throw new XenException("port " + port + " is not bound");
      }
    }

    /** All ports: whoever has one may ring it at any time. */
    @Override
    public int poll(int[] polled) {
      int count = 0;
      for (int port : ports) {
        if (count < polled.length) {
          polled[count++] = port;
        }
      }
      return count;
    }

    @Override
    public void unmask(int[] unmasked, int count) {}

    @Override
    public void unbind(int port) throws XenException {
      if (!ports.remove(port)) {
        throw new XenException("port " + port + " is not bound");
      }
    }

    @Override
    public void close() {
      ports.clear();
    }
  }
}
