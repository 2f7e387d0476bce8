package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Tells which processes of this domain live: each holds a lock on a file of its own for as long as
 * it lives. The kernel drops the lock when the process dies, in whatever way.
 *
 * <p>Processes of one domain may have different directories, as in containers. The upper half of a
 * process's nonce is that of its directory, so that a missing file tells of a death only where it
 * would have been.
 *
 * <p>All methods may be called from any thread.
 */
final class ProcessRegistry implements AutoCloseable {
  /** What is known of a process. */
  enum State {
    ALIVE,
    DEAD,
    /** It registered in another directory than this process: nothing can be told here. */
    ELSEWHERE,
    /** This process has not the right to open its file. */
    UNREADABLE;

    boolean isKnown() {
      return this == ALIVE || this == DEAD;
    }
  }

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ProcessRegistry.class);
  private static final String SUFFIX = ".lock";
  private static final String READABLE_BY_ALL = "rw-r--r--";
  private static final int DIRECTORY_DIGITS = 8;

  /**
   * The nonces of this JVM. Their files are not opened again: with the first descriptor of a file
   * that a process closes, Linux drops all locks that the process has on it.
   */
  private static final Set<String> OF_THIS_JVM = ConcurrentHashMap.newKeySet();

  private final Supplier<Path> directory;
  private final String ownNonce;
  private FileChannel ownChannel; // this

  /**
   * Registers this process.
   *
   * @param directory returns where; it may be another one later
   */
  ProcessRegistry(Supplier<Path> directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory.get());
    ownNonce = drawNonce();
    register();
    OF_THIS_JVM.add(ownNonce);
  }

  private String drawNonce() throws IOException {
    String nonce;
    do {
      nonce = directoryDigits() + Nonces.format(Nonces.next()).substring(DIRECTORY_DIGITS);
    } while (Files.exists(file(nonce)));
    return nonce;
  }

  /**
   * Returns digits that tell the directory from others of this kernel. While a file is open in it,
   * no other gets its device and inode: a process that lives shares them only with those that see
   * its lock.
   */
  private String directoryDigits() throws IOException {
    Path path = directory.get();
    long device = ((Number) Files.getAttribute(path, "unix:dev")).longValue();
    long inode = ((Number) Files.getAttribute(path, "unix:ino")).longValue();
    // Odd factors of many bits: devices and inodes are small numbers that differ by little.
    long mixed = (device * 0x9e3779b97f4a7c15L + inode) * 0xbf58476d1ce4e5b9L;
    return Nonces.format(mixed).substring(0, DIRECTORY_DIGITS);
  }

  /** Registers this process, if it is not: the directory may have been emptied. */
  synchronized void register() throws IOException {
    Path ownFile = file(ownNonce);
    if (ownChannel != null && Files.exists(ownFile)) {
      return;
    }
    Files.createDirectories(directory.get());
    // It gets its name when it is locked: until then it would be taken for a dead process's.
    Path fresh = ownFile.resolveSibling(ownNonce + ".new");
    FileChannel channel =
        FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean registered = false;
    try {
      // Whatever the umask: other users' processes look whether it is locked.
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(READABLE_BY_ALL));
      if (channel.tryLock() == null) {
        throw new IOException("the new lock file " + fresh + " is locked by another process");
      }
      Files.move(fresh, ownFile, StandardCopyOption.ATOMIC_MOVE);
      registered = true;
    } finally {
      if (!registered) {
        Files.deleteIfExists(fresh);
        channel.close();
      }
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

  /** Returns the directory in which processes are looked for, at this moment. */
  Path directory() {
    return directory.get();
  }

  /** Tells of the process that a nonce belongs to. Removes the lock file of one that is dead. */
  State state(String nonce) {
    if (OF_THIS_JVM.contains(nonce)) {
      return State.ALIVE;
    }
    Path file = file(nonce);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      // A shared lock needs no right to write, and does not disturb others that look.
      if (channel.tryLock(0, Long.MAX_VALUE, true) == null) {
        return State.ALIVE;
      }
    } catch (OverlappingFileLockException e) {
      return State.ALIVE; // this JVM's, by another class loader
    } catch (NoSuchFileException e) {
      return isOfThisDirectory(nonce) ? State.DEAD : State.ELSEWHERE;
    } catch (IOException e) {
      logger.debug("Cannot tell whether the process of {} lives", file, e);
      return State.UNREADABLE;
    }
    if (isOfThisDirectory(nonce)) {
      removeDeads(file); // else its absence would not tell of its death any more
    }
    return State.DEAD;
  }

  private boolean isOfThisDirectory(String nonce) {
    try {
      return nonce.startsWith(directoryDigits());
    } catch (IOException e) {
      logger.debug("The directory of lock files {} cannot be looked at", directory.get(), e);
      return false;
    }
  }

  private static void removeDeads(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      logger.debug("The lock file {} of another user's dead process stays", file, e);
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
    OF_THIS_JVM.remove(ownNonce);
  }
}
