package io.xenshm.xenstore;

import static io.xenshm.fuzz.Fuzzing.check;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.xenshm.fuzz.FuzzInput;
import io.xenshm.sim.xenstore.XenStoreFrameDecoder;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException.Code;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Frames in pieces of any size, and the texts that they carry. */
public final class XenStoreFrameFuzz {
  private XenStoreFrameFuzz() {}

  /** One run: the first byte chooses what the rest is. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    if (input.yes()) {
      int piece = 1 + input.below(64);
      frames(input.rest(), piece);
    } else {
      texts(input);
    }
  }

  /** In pieces, the same frames come out as at once. */
  private static void frames(byte[] bytes, int piece) {
    List<XenStoreFrame> expected = new ArrayList<>();
    boolean malformed = decodeAll(bytes, expected);
    EmbeddedChannel channel = new EmbeddedChannel(new XenStoreFrameDecoder());
    boolean failed = false;
    for (int i = 0; i < bytes.length; i += piece) {
      try {
        channel.writeInbound(
            Unpooled.copiedBuffer(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + piece))));
      } catch (DecoderException e) {
        check(!failed, "a malformed frame is told of once");
        failed = true;
      }
    }
    check(failed == malformed, "what is malformed is so in pieces too");
    for (XenStoreFrame frame : expected) {
      XenStoreFrame came = channel.readInbound();
      check(came != null && same(frame, came), "the same frames come in pieces: " + frame);
      roundTrip(frame);
    }
    check(channel.readInbound() == null, "no other frame comes in pieces");
    channel.finishAndReleaseAll();
  }

  private static boolean decodeAll(byte[] bytes, List<XenStoreFrame> frames) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      for (XenStoreFrame frame = XenStoreFrame.decode(in);
          frame != null;
          frame = XenStoreFrame.decode(in)) {
        frames.add(frame);
      }
      return false;
    } catch (XenStoreFrameException e) {
      return true;
    }
  }

  private static void roundTrip(XenStoreFrame frame) {
    ByteBuffer out = ByteBuffer.allocate(frame.size());
    frame.encode(out);
    try {
      XenStoreFrame again = XenStoreFrame.decode(out.flip());
      check(again != null && same(frame, again), "a frame is read as it is written: " + frame);
    } catch (XenStoreFrameException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean same(XenStoreFrame one, XenStoreFrame other) {
    return one.type() == other.type()
        && one.requestId() == other.requestId()
        && one.transactionId() == other.transactionId()
        && Arrays.equals(one.payload(), other.payload());
  }

  private static void texts(FuzzInput input) {
    int kind = input.below(4);
    byte[] payload = input.rest();
    String text = new String(payload, StandardCharsets.ISO_8859_1);
    switch (kind) {
      case 0 -> {
        List<String> strings = Payloads.strings(payload);
        check(strings.size() <= payload.length, "no more strings than bytes");
        check(
            strings.isEmpty() == (payload.length == 0)
                && (strings.isEmpty() || Payloads.firstString(payload).equals(strings.get(0))),
            "the first string is the first");
      }
      case 1 -> {
        Code code = Payloads.errorCode(text);
        check(code != Code.TIMEOUT && code != Code.DISCONNECTED, "no daemon says " + code);
      }
      case 2 -> {
        try {
          Permission permission = Permission.parse(text);
          check(
              Permission.parse(permission.toString()).equals(permission),
              "a permission is read as it is written");
        } catch (IllegalArgumentException e) {
          check(e.getMessage() != null, "the message says something");
        }
      }
      default -> path(text);
    }
  }

  private static void path(String text) {
    try {
      String path = XenStorePaths.requireValidWatch(text);
      check(path.equals(text), "a path is not changed");
    } catch (IllegalArgumentException e) {
      return;
    }
    if (!XenStorePaths.isSpecial(text)) {
      XenStorePaths.requireValid(text);
      check(XenStorePaths.absolute(text, 1).startsWith("/"), "an absolute path begins with /");
    }
  }
}
