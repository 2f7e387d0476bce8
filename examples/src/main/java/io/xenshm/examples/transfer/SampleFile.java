package io.xenshm.examples.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.SplittableRandom;

/** A temporary file of pseudo-random content, the same for the same seed. */
public final class SampleFile implements AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final long length;
  private final byte[] sha256;

  private SampleFile(Path path, long length, byte[] sha256) {
    this.path = path;
    this.length = length;
    this.sha256 = sha256;
  }

  /** Creates a file of {@code length} bytes in the directory for temporary files. */
  public static SampleFile create(long length, long seed) throws IOException {
    Path path = Files.createTempFile("sample-", ".bin");
    try {
      return new SampleFile(path, length, fill(path, length, new SplittableRandom(seed)));
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  private static byte[] fill(Path path, long length, SplittableRandom random) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    byte[] chunk = new byte[CHUNK_BYTES];
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      long left = length;
      while (left > 0) {
        random.nextBytes(chunk);
        ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, (int) Math.min(left, chunk.length));
        left -= bytes.remaining();
        digest.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
      }
    }
    return digest.digest();
  }

  /** Returns where the file is. */
  public Path path() {
    return path;
  }

  /** Returns its number of bytes. */
  public long length() {
    return length;
  }

  TransferHeader header() {
    return new TransferHeader(length, sha256);
  }

  /** Deletes the file. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
  }
}
