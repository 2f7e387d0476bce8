package io.xenshm.soak;

import io.xenshm.examples.TemporaryDirectories;
import io.xenshm.examples.UsageException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/**
 * Random use of the transport over a simulated host for as long as wanted. Exit code 0: every
 * connection ended as it should, and everything is held that was held before, and no more; 1: a
 * finding; 2: the command line is wrong.
 */
public final class Soak {
  private static final long ROOM = 512L << 20;

  private Soak() {}

  /** Runs what {@link SoakOptions} says. */
  public static void main(String[] arguments) throws Exception {
    SoakOptions options;
    try {
      options = SoakOptions.parse(arguments);
    } catch (UsageException e) {
      System.err.println("soak: " + e.getMessage());
      System.exit(2);
      return;
    }
    say(
        "soak of "
            + Duration.ofSeconds(options.seconds()).toMinutes()
            + " min "
            + options.seconds() % 60
            + " s, --seed "
            + options.seed());
    Findings findings = new Findings();
    Path directory = TemporaryDirectories.inMemory("xenshm-soak-", ROOM);
    try (Site site = new Site(directory, findings::add)) {
      Operations operations = new Operations(site, options.seed(), findings);
      operations.eachPairOnce();
      Accounts before = Accounts.take(site, findings);
      operations.run(options.seconds());
      operations.eachPairOnce();
      Accounts.take(site, findings).compareWith(before, findings);
      operations.report();
      if (findings.any()) {
        site.dump();
      }
    } catch (Exception e) {
      e.printStackTrace();
      findings.add("the soak itself failed: " + e);
    }
    say(findings.any() ? "FINDINGS, see above; --seed " + options.seed() : "no findings");
    System.exit(findings.any() ? 1 : 0);
  }

  static void say(String line) {
    System.out.println(
        LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + "  " + line);
  }
}
