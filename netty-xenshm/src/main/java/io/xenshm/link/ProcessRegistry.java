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
import java.util.function.Supplier;

/**
 * Tells which processes of this domain live: each holds a lock on a file of its own for as long as
 * it lives. The kernel drops the lock when the process dies, in whatever way.
 */
final class ProcessRegistry implements AutoCloseable {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ProcessRegistry.class);
  private static final String SUFFIX = ".lock";

  private final Supplier<Path> directory;
  private final String ownNonce = Nonces.format(Nonces.next());
  private FileChannel ownChannel; // this

  /**
   * Registers this process.
   *
   * @param directory returns where; it may be another one later
   */
  ProcessRegistry(Supplier<Path> directory) throws IOException {
    this.directory = directory;
    register();
  }

  /** Registers this process, if it is not: the directory may have been emptied. */
  synchronized void register() throws IOException {
    Path ownFile = file(ownNonce);
    if (ownChannel != null && Files.exists(ownFile)) {
      return;
    }
    Files.createDirectories(directory.get());
    FileChannel channel =
        FileChannel.open(ownFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      throw new IOException("the new lock file " + ownFile + " is locked by another process");
    }
    if (ownChannel != null) {
      ownChannel.close();
    }
    ownChannel = channel;
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
    return directory.get().resolve(nonce + SUFFIX);
  }

  @Override
  public synchronized void close() {
    Path ownFile = file(ownNonce);
    try {
      Files.deleteIfExists(ownFile);
      ownChannel.close();
    } catch (IOException e) {
      logger.debug("Lock file {} could not be removed", ownFile, e);
    }
  }
}
