package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Tells which processes of this domain live: each holds a lock on a file of its own for as long as
 * it lives. The kernel drops the lock when the process dies, in whatever way.
 */
final class ProcessRegistry implements AutoCloseable {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ProcessRegistry.class);
  private static final String SUFFIX = ".lock";

  private final Path directory;
  private final String ownNonce = Nonces.format(Nonces.next());
  private final Path ownFile;
  private final FileChannel ownChannel;

  /** Registers this process. */
  ProcessRegistry(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory);
    ownFile = file(ownNonce);
    ownChannel = FileChannel.open(ownFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    FileLock lock = ownChannel.tryLock();
    if (lock == null) {
      throw new IOException("the new lock file " + ownFile + " is locked by another process");
    }
  }

  /** Returns this process's nonce, 16 hexadecimal digits. */
  String ownNonce() {
    return ownNonce;
  }

  /** Says whether the process that a nonce belongs to has ended. Removes its lock file then. */
  boolean isDead(String nonce) {
    if (nonce.equals(ownNonce)) {
      return false;
    }
    Path file = file(nonce);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        return false;
      }
      Files.deleteIfExists(file);
      return true;
    } catch (OverlappingFileLockException e) {
      return false; // held by this JVM, through another Xen of the same domain
    } catch (java.nio.file.NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      logger.debug("Cannot tell whether the process of {} lives; taken as alive", file, e);
      return false;
    }
  }

  private Path file(String nonce) {
    return directory.resolve(nonce + SUFFIX);
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(ownFile);
      ownChannel.close();
    } catch (IOException e) {
      logger.debug("Lock file {} could not be removed", ownFile, e);
    }
  }
}
