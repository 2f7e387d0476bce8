package io.xenshm.xenstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.xenshm.sim.xenstore.XenStoreFrameDecoder;
import io.xenshm.sim.xenstore.XenStoreFrameEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class XenStoreFrameTest {
  private static final byte[] PATH = "/a\0".getBytes(StandardCharsets.US_ASCII);

  /** READ, request 0x01020304, transaction 5, "/a". */
  private static final byte[] WIRE = {2, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 3, 0, 0, 0, '/', 'a', 0};

  @Test
  void encodesHeaderInLittleEndian() {
    ByteBuffer out = ByteBuffer.allocate(WIRE.length);
    new XenStoreFrame(XenStoreProtocol.READ, 0x01020304, 5, PATH).encode(out);
    assertArrayEquals(WIRE, out.array());
  }

  @Test
  void decodesWhatItEncodes() throws Exception {
    XenStoreFrame frame = XenStoreFrame.decode(ByteBuffer.wrap(WIRE));
    assertEquals(XenStoreProtocol.READ, frame.type());
    assertEquals(0x01020304, frame.requestId());
    assertEquals(5, frame.transactionId());
    assertArrayEquals(PATH, frame.payload());
  }

  @Test
  void waitsForTheRestOfASplitFrame() throws Exception {
    for (int length = 0; length < WIRE.length; length++) {
      ByteBuffer part = ByteBuffer.wrap(WIRE, 0, length);
      assertNull(XenStoreFrame.decode(part));
      assertEquals(0, part.position());
    }
  }

  @Test
  void refusesAPayloadThatIsTooLong() {
    ByteBuffer tooLong = ByteBuffer.wrap(WIRE.clone());
    tooLong.put(12, (byte) 1).put(13, (byte) 0x10); // 4097
    XenStoreFrameException e =
        assertThrows(XenStoreFrameException.class, () -> XenStoreFrame.decode(tooLong));
    assertTrue(e.getMessage().contains("4097"), e.getMessage());
    tooLong.put(15, (byte) 0xff); // not a negative number
    assertThrows(XenStoreFrameException.class, () -> XenStoreFrame.decode(tooLong));
    assertThrows(
        IllegalArgumentException.class,
        () -> new XenStoreFrame(XenStoreProtocol.DIRECTORY, 1, 0, new byte[(1 << 22) + 1]));
  }

  @Test
  void takesLargerPayloadsWhereTheyAreAllowed() throws Exception {
    XenStoreFrame large = new XenStoreFrame(XenStoreProtocol.DIRECTORY, 1, 0, new byte[5000]);
    ByteBuffer wire = ByteBuffer.allocate(large.size());
    large.encode(wire);
    wire.flip();
    assertThrows(XenStoreFrameException.class, () -> XenStoreFrame.decode(wire, 4999));
    assertEquals(5000, XenStoreFrame.decode(wire, 5000).payload().length);
  }

  @Test
  void decoderTakesSplitAndMergedFrames() {
    EmbeddedChannel channel = new EmbeddedChannel(new XenStoreFrameDecoder());
    byte[] two = new byte[2 * WIRE.length];
    System.arraycopy(WIRE, 0, two, 0, WIRE.length);
    System.arraycopy(WIRE, 0, two, WIRE.length, WIRE.length);
    for (int split = 1; split < two.length; split++) {
      channel.writeInbound(Unpooled.copiedBuffer(two, 0, split));
      channel.writeInbound(Unpooled.copiedBuffer(two, split, two.length - split));
      for (int i = 0; i < 2; i++) {
        XenStoreFrame frame = channel.readInbound();
        assertArrayEquals(PATH, frame.payload());
      }
      assertNull(channel.readInbound());
    }
    channel.finishAndReleaseAll();
  }

  @Test
  void decoderDropsEverythingAfterAMalformedFrame() {
    EmbeddedChannel channel = new EmbeddedChannel(new XenStoreFrameDecoder());
    byte[] bad = WIRE.clone();
    bad[14] = 1;
    DecoderException e =
        assertThrows(
            DecoderException.class, () -> channel.writeInbound(Unpooled.copiedBuffer(bad, WIRE)));
    assertTrue(e.getCause() instanceof XenStoreFrameException);
    channel.writeInbound(Unpooled.copiedBuffer(WIRE));
    assertNull(channel.readInbound());
    channel.finishAndReleaseAll();
  }

  @Test
  void encoderWritesTheSameBytes() {
    EmbeddedChannel channel = new EmbeddedChannel(new XenStoreFrameEncoder());
    channel.writeOutbound(new XenStoreFrame(XenStoreProtocol.READ, 0x01020304, 5, PATH));
    ByteBuf bytes = channel.readOutbound();
    assertEquals(Unpooled.wrappedBuffer(WIRE), bytes);
    bytes.release();
    channel.finishAndReleaseAll();
  }
}
