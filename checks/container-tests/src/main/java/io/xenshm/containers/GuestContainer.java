package io.xenshm.containers;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;

/** A guest: a program in one domain of a host, at the address that the domain has there. */
public final class GuestContainer extends JavaContainer<GuestContainer> {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /**
   * Describes a guest.
   *
   * @param program a class of this process's class path, with its {@code main}
   */
  public GuestContainer(XenHostContainer host, int domain, Class<?> program, String... arguments) {
    super("domain " + domain, host.volume(), program, Arrays.asList(arguments));
    withEnv("XENSHM_XEN", "sim:" + XenHostContainer.DIRECTORY);
    withEnv("XENSHM_SIM_DOMID", Integer.toString(domain));
    withNetwork(host.guestNetwork().network());
    String address = host.address(domain);
    withCreateContainerCmdModifier(create -> create.withIpv4Address(address));
  }

  /**
   * Starts it and waits for its end.
   *
   * @return the lines that it printed
   * @throws RuntimeException if it does not end with exit code 0 in a minute and a half
   */
  public List<String> run() throws IOException, InterruptedException {
    withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(PATIENCE));
    start();
    awaitEnd();
    return lines();
  }
}
