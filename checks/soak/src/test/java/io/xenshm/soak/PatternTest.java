package io.xenshm.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class PatternTest {
  private static final int COUNT = 1000;
  private static final long START = 12_345;

  private final Pattern pattern = new Pattern(7);
  private final ByteBuf bytes = Unpooled.buffer(COUNT);

  @Test
  void bytesThatWereWrittenAreTheRightOnes() {
    pattern.write(bytes, START, COUNT);
    assertEquals(-1, pattern.firstDifference(bytes, START, COUNT));
  }

  @Test
  void oneOtherByteIsFound() {
    pattern.write(bytes, START, COUNT);
    bytes.setByte(777, bytes.getByte(777) + 1);
    assertEquals(START + 777, pattern.firstDifference(bytes, START, COUNT));
  }

  @Test
  void bytesOfAnotherPlaceOrSeedAreOthers() {
    pattern.write(bytes, START, COUNT);
    assertNotEquals(-1, pattern.firstDifference(bytes, START + 8, COUNT));
    assertNotEquals(-1, new Pattern(8).firstDifference(bytes, START, COUNT));
  }
}
