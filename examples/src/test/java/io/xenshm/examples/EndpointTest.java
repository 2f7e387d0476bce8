package io.xenshm.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.netty.XenShmAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

  @Test
  void readsTheTcpAddressThatItPrints() throws UsageException {
    assertEquals("tcp:127.0.0.1:4711", Endpoint.parse("tcp:127.0.0.1:4711").toString());
  }

  @Test
  void readsTheAdaptiveAddressThatItPrints() throws UsageException {
    assertEquals("auto:127.0.0.1:4711", Endpoint.parse("auto:127.0.0.1:4711").toString());
  }

  @Test
  void printsTheXenAddressAsUsersWriteIt() {
    assertEquals("xen:3:4711", Endpoint.xenShm(new XenShmAddress(3, 4711)).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tcp",
        "tcp:127.0.0.1",
        "tcp::1",
        "auto::1",
        "auto:127.0.0.1",
        "tcp:127.0.0.1:65536",
        "tcp:127.0.0.1:-1",
        "tcp:127.0.0.1:http",
        "xen:1",
        "xen:x:1",
        "xen:1:70000",
        "xen:99999:1",
        "ipx:1:2",
        "xen:1:2:3"
      })
  void refusesWhatIsNoAddress(String text) {
    UsageException refusal = assertThrows(UsageException.class, () -> Endpoint.parse(text));
    assertTrue(refusal.getMessage().lines().count() == 1, refusal.getMessage());
  }
}
