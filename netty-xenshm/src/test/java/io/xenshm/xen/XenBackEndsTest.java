package io.xenshm.xen;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * In this module's tests, as in a production program, the simulated host is not on the class path.
 */
class XenBackEndsTest {

  @Test
  void namesTheArtifactThatTheSimulatedHostIsIn() {
    XenException e =
        assertThrows(XenException.class, () -> XenBackEnds.open("sim:/dev/shm/no-such-host"));
    assertTrue(e.getMessage().contains("sim:/dev/shm/no-such-host"), e.getMessage());
    assertTrue(e.getMessage().contains("io.xenshm:netty-xenshm-sim"), e.getMessage());
  }

  @Test
  void saysWhichBackEndsThereAre() {
    XenException e = assertThrows(XenException.class, () -> XenBackEnds.open("kvm"));
    assertTrue(e.getMessage().contains("'kvm'"), e.getMessage());
    assertTrue(e.getMessage().contains("auto, linux or sim:DIR"), e.getMessage());
  }
}
