package io.xenshm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;

/** The only directions in which packages may depend on each other: see docs/architecture.md. */
@AnalyzeClasses(
    packages = "io.xenshm",
    importOptions = {ImportOption.DoNotIncludeTests.class, LayersTest.NoJarsOfTests.class})
class LayersTest {

  /** The jars of tests of other modules are no directories of tests. */
  static final class NoJarsOfTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule packagesDependDownwardsOnly =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("posix")
          .definedBy("io.xenshm.posix..")
          .layer("xen")
          .definedBy("io.xenshm.xen")
          .layer("xenstore")
          .definedBy("io.xenshm.xenstore..")
          .layer("sim")
          .definedBy("io.xenshm.sim..")
          .layer("xen.linux")
          .definedBy("io.xenshm.xen.linux..")
          .layer("ring")
          .definedBy("io.xenshm.ring..")
          .layer("link")
          .definedBy("io.xenshm.link..")
          .layer("directory")
          .definedBy("io.xenshm.directory..")
          .layer("agent")
          .definedBy("io.xenshm.agent..")
          .layer("netty")
          .definedBy("io.xenshm.netty..")
          .layer("cli")
          .definedBy("io.xenshm.cli..")
          .whereLayer("posix")
          .mayNotAccessAnyLayer()
          .whereLayer("xen")
          .mayNotAccessAnyLayer()
          .whereLayer("xenstore")
          .mayOnlyAccessLayers("xen", "posix")
          .whereLayer("sim")
          .mayOnlyAccessLayers("xen", "xenstore", "posix")
          .whereLayer("xen.linux")
          .mayOnlyAccessLayers("xen", "xenstore", "posix")
          .whereLayer("ring")
          .mayNotAccessAnyLayer()
          .whereLayer("link")
          .mayOnlyAccessLayers("ring", "xen")
          .whereLayer("directory")
          .mayOnlyAccessLayers("xen")
          .whereLayer("agent")
          .mayOnlyAccessLayers("directory", "xen")
          .whereLayer("netty")
          .mayOnlyAccessLayers("link", "ring", "directory", "xen");

  @ArchTest
  static final ArchRule nothingDependsOnTheCommand =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.xenshm.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.xenshm.cli..");

  @ArchTest
  static final ArchRule onlyChannelsAndXenStoreClientKnowNettysChannels =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.xenshm.posix..", "io.xenshm.xen", "io.xenshm.ring..", "io.xenshm.link..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty.channel..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlyTheSimulatedHostNeedsNettysCodecs =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.xenshm.sim..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty.handler..");

  @ArchTest
  static final ArchRule onlyPosixCallsNativeCode =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.xenshm.posix..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Linker.class)
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlyTheCommandNeedsItsParser =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.xenshm.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("picocli..");
}
