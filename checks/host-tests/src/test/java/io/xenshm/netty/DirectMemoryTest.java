package io.xenshm.netty;

import io.xenshm.sim.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A reader that runs out of direct memory costs its connection, not its event loop. The program
 * checks that, and ends before it is ready where it does not hold.
 */
@Timeout(120)
class DirectMemoryTest {
  private static final List<String> LITTLE_MEMORY =
      List.of("-Dio.netty.maxDirectMemory=" + (64 << 20));

  @ParameterizedTest
  @EnumSource
  void aConnectionEndsAndOthersOfItsLoopGoOn(XenShmPath path) throws Exception {
    ChildJvm.start(LITTLE_MEMORY, DirectMemoryProgram.class, path.name()).kill();
  }

  @Test
  void aDatagramChannelIsToldAndReadsOn() throws Exception {
    ChildJvm.start(LITTLE_MEMORY, DirectMemoryProgram.class).kill();
  }
}
