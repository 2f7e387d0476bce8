package io.xenshm.sim;

import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenProvider;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The back end {@code sim:DIR}. The domain of this process is the system property {@value
 * #DOMAIN_PROPERTY} or, without it, the environment variable {@value #DOMAIN_VARIABLE}.
 */
public final class SimulatedXenProvider implements XenProvider {
  /** System property with the number of this process's domain. */
  public static final String DOMAIN_PROPERTY = "xenshm.sim.domid";

  /** Environment variable with the number of this process's domain. */
  public static final String DOMAIN_VARIABLE = "XENSHM_SIM_DOMID";

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public Xen open(String argument) throws XenException {
    if (argument.isEmpty()) {
      throw new XenException(
          "the setting 'sim' lacks the simulated host's directory; write sim:DIR");
    }
    Path directory;
    try {
      directory = Path.of(argument);
    } catch (InvalidPathException e) {
      throw new XenException("no path of a directory: '" + argument + "'", e);
    }
    return SimulatedXen.open(directory, domainId());
  }

  private static int domainId() throws XenException {
    String text = System.getProperty(DOMAIN_PROPERTY, System.getenv(DOMAIN_VARIABLE));
    String names = DOMAIN_PROPERTY + " or " + DOMAIN_VARIABLE;
    if (text == null) {
      throw new XenException(
          "a process on a simulated host needs a domain; set " + names + " to its number");
    }
    try {
      return Integer.parseInt(text.trim());
    } catch (NumberFormatException e) {
      throw new XenException(names + " is not a domain's number: '" + text + "'", e);
    }
  }
}
