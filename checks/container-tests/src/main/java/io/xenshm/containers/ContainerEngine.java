package io.xenshm.containers;

import com.github.dockerjava.api.exception.DockerException;
import org.testcontainers.DockerClientFactory;

/** The engine that runs containers: Docker, or one that speaks as it does. */
public final class ContainerEngine {
  /** System property, and in capitals with underscores environment variable: see the constants. */
  private static final String PROPERTY = "xenshm.containers";

  private static final String VARIABLE = "XENSHM_CONTAINERS";

  /** The setting of who must not miss that containers cannot run. */
  private static final String REQUIRED = "required";

  private static final String OFF = "off";

  private ContainerEngine() {}

  /** Returns whether tests must fail where containers cannot run. */
  public static boolean isRequired() {
    return setting().equals(REQUIRED);
  }

  private static String setting() {
    String variable = System.getenv(VARIABLE);
    return System.getProperty(PROPERTY, variable == null ? "" : variable);
  }

  /** Returns why containers cannot run here, and what to do; {@code null} where they can. */
  public static String obstacle() {
    if (setting().equals(OFF)) {
      return VARIABLE + " is " + OFF;
    }
    try {
      DockerClientFactory.instance().client().pingCmd().exec();
    } catch (IllegalStateException | DockerException e) {
      return "no container engine answers: start Docker or Podman, or run the command below "
          + "checks/container-tests/with-engine, which starts one ("
          + e.getMessage()
          + ")";
    }
    return JavaImage.obstacle();
  }
}
