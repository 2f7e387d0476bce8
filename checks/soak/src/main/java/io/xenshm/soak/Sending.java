package io.xenshm.soak;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;

/** Writes a pattern for as long as the channel takes it; of one event loop. */
final class Sending {
  private static final int MAX_CHUNK = 24 * 1024;

  private final Pattern pattern;
  private final long total;
  private final SplittableRandom sizes;
  private final MessageDigest digest = sha256();
  private long sent;

  Sending(Pattern pattern, long total) {
    this.pattern = pattern;
    this.total = total;
    this.sizes = new SplittableRandom(pattern.seed());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes what the channel takes now; returns whether all is written. */
  boolean pump(ChannelHandlerContext ctx) {
    while (sent < total && ctx.channel().isWritable()) {
      int count = (int) Math.min(total - sent, 1 + sizes.nextInt(MAX_CHUNK));
      ByteBuf chunk = ctx.alloc().buffer(count);
      pattern.write(chunk, sent, count);
      digest.update(chunk.nioBuffer());
      sent += count;
      ctx.writeAndFlush(chunk);
    }
    return sent == total;
  }

  long sent() {
    return sent;
  }

  byte[] digest() {
    return digest.digest();
  }
}
