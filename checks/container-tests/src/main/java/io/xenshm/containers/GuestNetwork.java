package io.xenshm.containers;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Network.Ipam;
import java.util.concurrent.ThreadLocalRandom;
import org.testcontainers.containers.Network;

/** A network of the engine's, on which each guest has the address that its host gave it. */
public final class GuestNetwork implements AutoCloseable {
  private static final int ATTEMPTS = 20;

  /** Addresses below are the engine's. */
  private static final int FIRST_ADDRESS = 10;

  private static final int LAST_ADDRESS = 250;

  private final Network network;
  private final String prefix;

  private GuestNetwork(Network network, String prefix) {
    this.network = network;
    this.prefix = prefix;
  }

  /**
   * Makes a network of 250 addresses.
   *
   * @throws IllegalStateException if the engine has no room for it
   */
  public static GuestNetwork create() {
    RuntimeException last = null;
    for (int i = 0; i < ATTEMPTS; i++) {
      String prefix = "10.213." + ThreadLocalRandom.current().nextInt(1, 255) + ".";
      Network network =
          Network.builder()
              .createNetworkCmdModifier(
                  create ->
                      create.withIpam(
                          new Ipam().withConfig(new Ipam.Config().withSubnet(prefix + "0/24"))))
              .build();
      try {
        network.getId(); // makes it
        return new GuestNetwork(network, prefix);
      } catch (DockerException e) {
        last = e; // another network has these addresses
      }
    }
    throw new IllegalStateException(
        "the engine refuses a network of 256 addresses below 10.213.0.0/16; remove unused networks:"
            + " docker network prune",
        last);
  }

  /**
   * Returns an address of it.
   *
   * @param number 1 to 240
   */
  public String address(int number) {
    int last = FIRST_ADDRESS + number;
    if (number < 1 || last > LAST_ADDRESS) {
      throw new IllegalArgumentException("the network has the addresses 1 to 240: " + number);
    }
    return prefix + last;
  }

  Network network() {
    return network;
  }

  /** Removes it; its containers must be gone. */
  @Override
  public void close() {
    network.close();
  }
}
