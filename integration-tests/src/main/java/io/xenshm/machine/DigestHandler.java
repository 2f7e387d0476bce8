package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Answers with the SHA-256 of the data. */
final class DigestHandler extends EndOfDataHandler {
  private final MessageDigest digest = sha256();

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  void take(ByteBuf data) {
    for (ByteBuffer part : data.nioBuffers()) {
      digest.update(part);
    }
  }

  @Override
  byte[] answer() {
    return digest.digest();
  }
}
