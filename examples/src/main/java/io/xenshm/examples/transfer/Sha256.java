package io.xenshm.examples.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 of files. */
final class Sha256 {
  static final int BYTES = 32;

  private static final int CHUNK_BYTES = 1 << 18;

  private Sha256() {}

  static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns the digest of a file's content, from its first byte to its last. */
  static byte[] of(FileChannel file) throws IOException {
    MessageDigest digest = newDigest();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    long position = 0;
    for (int read = file.read(chunk, position); read > 0; read = file.read(chunk, position)) {
      position += read;
      digest.update(chunk.flip());
      chunk.clear();
    }
    return digest.digest();
  }
}
