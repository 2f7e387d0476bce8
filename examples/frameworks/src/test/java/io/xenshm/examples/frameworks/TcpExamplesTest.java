package io.xenshm.examples.frameworks;

import static org.junit.jupiter.api.Assertions.assertNull;

import io.xenshm.netty.XenShmPathReason;
import java.util.Map;

/** This process has no Xen. */
class TcpExamplesTest extends ExampleScenarios {

  @Override
  Map<String, String> prepare() {
    assertNull(
        System.getProperty("xenshm.xen"), "this process has a Xen: run this test in another one");
    return Map.of();
  }

  @Override
  XenShmPathReason reason() {
    return XenShmPathReason.XEN_UNAVAILABLE;
  }
}
