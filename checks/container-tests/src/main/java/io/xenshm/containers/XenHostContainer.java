package io.xenshm.containers;

import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A simulated Xen host with its agent. Guests share its memory, and nothing else: its processes and
 * its network are its own. Killed and started again, it has lost its state and has the guests that
 * it has now.
 */
public final class XenHostContainer extends JavaContainer<XenHostContainer> {
  /** The host's directory in all containers. */
  static final String DIRECTORY = SHARED_DIRECTORY + "/host";

  private static final String MEMORY = "256m";

  private final GuestNetwork network;
  private final String volume;
  private final Map<Integer, String> addresses = new TreeMap<>();

  /**
   * Describes a host whose guests have the network's addresses of the same number. Each has a MAC
   * address of its own.
   */
  public XenHostContainer(GuestNetwork network, int... domains) {
    this(network, "xenshm-" + UUID.randomUUID(), domains);
  }

  private XenHostContainer(GuestNetwork network, String volume, int... domains) {
    super("the host", volume, HostProgram.class, List.of());
    this.network = network;
    this.volume = volume;
    for (int domain : domains) {
      addresses.put(domain, network.address(domain));
    }
    withNetworkMode("none");
  }

  GuestNetwork guestNetwork() {
    return network;
  }

  String volume() {
    return volume;
  }

  /** Returns the address of a guest. */
  public String address(int domain) {
    String address = addresses.get(domain);
    if (address == null) {
      throw new IllegalArgumentException("the host has no domain " + domain + ": " + addresses);
    }
    return address;
  }

  /** Starts it; returns when it serves. */
  @Override
  public void start() {
    getDockerClient()
        .createVolumeCmd()
        .withName(volume)
        .withDriver("local")
        .withDriverOpts(Map.of("type", "tmpfs", "device", "tmpfs", "o", "size=" + MEMORY))
        .exec();
    Stream<String> domains =
        addresses.entrySet().stream().map(guest -> guest.getKey() + "=" + guest.getValue());
    List<String> arguments = Stream.concat(Stream.of(DIRECTORY), domains).toList();
    withCommand(command(HostProgram.class, arguments).toArray(String[]::new));
    super.start();
    try {
      awaitLine("READY");
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Creates a guest, as {@code xl create} does, with an address that no other guest has. */
  public void createDomain(int domain, String address) throws IOException, InterruptedException {
    call(HostProgram.CREATE, domain + "=" + address);
    addresses.put(domain, address);
  }

  /** Ends a guest, as {@code xl destroy} does. Its container is the caller's to end. */
  public void destroyDomain(int domain) throws IOException, InterruptedException {
    call(HostProgram.DESTROY, Integer.toString(domain));
    addresses.remove(domain);
  }

  private void call(String... words) throws IOException, InterruptedException {
    List<String> command = command(HostCall.class, List.of(words));
    ExecResult result = execInContainer(command.toArray(String[]::new));
    if (result.getExitCode() != 0) {
      throw new IOException(String.join(" ", words) + ": " + result.getStderr());
    }
  }

  /** Ends it, and removes the memory; its guests must be gone. */
  @Override
  public void close() {
    super.close();
    try {
      getDockerClient().removeVolumeCmd(volume).exec();
    } catch (NotFoundException e) {
      // it was never started
    }
  }
}
