package io.xenshm.xen.contract;

import io.xenshm.xen.Xen;
import java.io.PrintStream;
import java.util.List;

/**
 * Plays one role of the scenarios. As a program, it plays all of them in order, one line a
 * scenario, and exits with 1 if any failed; the program for the other role runs at the same time in
 * another domain.
 */
public final class ContractRunner {
  private ContractRunner() {}

  /** Which role to play. */
  public enum Role {
    /** {@link ContractScenario#first}. */
    FIRST,
    /** {@link ContractScenario#second}. */
    SECOND
  }

  /** Where a role is played. */
  public interface Place {
    /** Opens the back end, once a scenario. The caller closes it. */
    Xen open() throws Exception;

    /** Returns the other role's domain. */
    int peerDomain();

    /** Returns the way to the other role, always the same. */
    Exchange exchange();
  }

  /**
   * Plays one role of a scenario, and waits for the other role to be done too.
   *
   * @throws Exception whatever made one of the roles fail
   */
  public static void play(ContractScenario scenario, Role role, Place place) throws Exception {
    try (Xen xen = place.open()) {
      Side side = new Side(scenario.name(), xen, place.peerDomain(), place.exchange());
      try {
        side.meet("start");
        if (role == Role.FIRST) {
          scenario.first(side);
        } else {
          scenario.second(side);
        }
        side.meet("end");
      } catch (Side.PeerFailedException e) {
        throw e;
      } catch (Exception | AssertionError e) {
        side.fail(e);
        throw e;
      }
    }
  }

  /** Plays one role of several scenarios. Returns how many failed. */
  public static int playAll(
      List<ContractScenario> scenarios, Role role, Place place, PrintStream out) {
    int failed = 0;
    for (ContractScenario scenario : scenarios) {
      try {
        play(scenario, role, place);
        out.println("PASS " + scenario.name());
      } catch (Exception | AssertionError e) {
        failed++;
        out.println("FAIL " + scenario.name() + ": " + e);
        e.printStackTrace(out);
      }
    }
    out.println(
        role + ": " + (scenarios.size() - failed) + " of " + scenarios.size() + " scenarios hold");
    return failed;
  }

  /**
   * Plays one role of all scenarios.
   *
   * @param args the name of a class that is a {@link Place} and has a constructor without
   *     parameters; FIRST or SECOND
   */
  public static void main(String[] args) throws Exception {
    Place place =
        Class.forName(args[0]).asSubclass(Place.class).getDeclaredConstructor().newInstance();
    int failed = playAll(ContractScenarios.all(), Role.valueOf(args[1]), place, System.out);
    System.exit(failed == 0 ? 0 : 1);
  }
}
