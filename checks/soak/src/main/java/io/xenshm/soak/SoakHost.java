package io.xenshm.soak;

import io.xenshm.examples.Program;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The simulated host as a process, which does what it is told to by lines on its standard input.
 * Ends with its parent.
 *
 * <pre>
 * accounting N       what domain N holds
 * nodes N            its nodes
 * destroy N
 * create GONE N      as N, the domain that was destroyed as GONE
 * suspend N NEW      resumed as NEW
 * restart-store      without its contents
 * stat               what this process holds
 * </pre>
 */
final class SoakHost {
  private static final int GRANTED_PAGES = 4096;
  private static final int QUICK_FREES = 1024;
  private static final int QUICK_FREES_MILLIS = 50;

  private static final long TABLE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final SimulatedHost host;
  private final Map<Integer, SimulatedDomain> guests = new TreeMap<>();

  private SoakHost(SimulatedHost host, int count) {
    this.host = host;
    for (int id = 1; id <= count; id++) {
      guests.put(id, SimulatedDomain.of(id));
    }
  }

  /** Runs a host in the directory {@code args[0]} with {@code args[1]} guests. */
  public static void main(String[] args) {
    Program.run("host", () -> run(Path.of(args[0]), Integer.parseInt(args[1])));
  }

  private static void run(Path directory, int guests) throws IOException {
    SimulatedLimits limits =
        SimulatedLimits.DEFAULT
            .withGrantedPages(GRANTED_PAGES)
            .withDeferredFrees(QUICK_FREES, QUICK_FREES_MILLIS);
    try (SimulatedHost host =
        SimulatedHost.start(
            SimulatedHostConfig.of(directory, guests).withLimits(limits).withoutAgent())) {
      System.out.println("READY " + host.directory());
      SoakHost soakHost = new SoakHost(host, guests);
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        System.out.println("DID " + soakHost.handle(line.split(" ", -1)));
      }
    }
  }

  private String handle(String[] words) throws IOException {
    switch (words[0]) {
      case "accounting" -> {
        return host.accounting(Integer.parseInt(words[1])).toString();
      }
      case "nodes" -> {
        return nodes(Integer.parseInt(words[1]));
      }
      case "destroy" -> host.destroyDomain(Integer.parseInt(words[1]));
      case "create" -> {
        SimulatedDomain guest = guests.remove(Integer.parseInt(words[1]));
        SimulatedDomain again = guest.withId(Integer.parseInt(words[2]));
        host.addDomain(again);
        admit(again);
      }
      case "suspend" -> {
        int id = Integer.parseInt(words[1]);
        int newId = Integer.parseInt(words[2]);
        host.suspendAndResume(id, newId);
        admit(guests.remove(id).withId(newId));
      }
      case "restart-store" -> {
        host.restartXenStore();
        for (SimulatedDomain guest : guests.values()) {
          awaitTable(guest);
        }
      }
      case "stat" -> {
        return Holdings.ofThisProcess(null);
      }
      default -> throw new IOException("not understood: " + words[0]);
    }
    return words[0];
  }

  /** Returns a domain's nodes, with the addresses of guests in the place of their numbers. */
  private String nodes(int domain) {
    String home = "/local/domain/" + domain + '/';
    String offers = "data/xenshm/to/";
    return host.xenStore().paths(domain).stream()
        .map(path -> path.replace(home, ""))
        .map(
            path ->
                path.startsWith(offers)
                    ? offers + addressOf(path.substring(offers.length()))
                    : path)
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private String addressOf(String number) {
    SimulatedDomain guest = guests.get(Integer.parseInt(number));
    return guest == null ? number : guest.address();
  }

  private void admit(SimulatedDomain guest) throws IOException {
    guests.put(guest.id(), guest);
    awaitTable(guest);
  }

  /**
   * Returns when the agent wrote the domain's table: a loopback address that the table does not
   * know as the domain's own is not announced.
   */
  private void awaitTable(SimulatedDomain guest) throws IOException {
    String own =
        "/local/domain/"
            + guest.id()
            + "/xenshm/peers/"
            + guest.network()
            + '/'
            + guest.address().replace('.', '-');
    long deadline = System.nanoTime() + TABLE_NANOS;
    while (host.xenStore().read(own) == null) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the agent wrote no " + own);
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }
}
