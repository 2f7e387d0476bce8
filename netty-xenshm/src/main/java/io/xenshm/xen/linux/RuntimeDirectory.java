package io.xenshm.xen.linux;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The directory that the library's processes in this domain share: the one that an administrator
 * made under {@code /run}, or one on the tmpfs that every Linux system has. A restart of the domain
 * empties both.
 */
final class RuntimeDirectory {
  private static final int ALL_MAY_WRITE_AND_REMOVE_THEIR_OWN = 01777;

  private RuntimeDirectory() {}

  static Path of(LinuxXenPaths paths) throws XenException {
    if (Files.isDirectory(paths.runtime()) && Files.isWritable(paths.runtime())) {
      return paths.runtime();
    }
    Path directory = paths.sharedMemory().resolve("xenshm");
    try {
      Files.createDirectory(directory);
      // Apart from the creation, since the process's umask takes bits away there.
      Files.setAttribute(directory, "unix:mode", ALL_MAY_WRITE_AND_REMOVE_THEIR_OWN);
    } catch (FileAlreadyExistsException e) {
      // Another process of this domain made it.
    } catch (IOException e) {
      throw new XenException(
          "cannot make "
              + directory
              + ": "
              + e.getMessage()
              + "; make "
              + paths.runtime()
              + " for the group of the processes instead",
          e);
    }
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS) || !Files.isWritable(directory)) {
      throw new XenException(
          directory
              + " is not a directory that this process can write to: remove it, or make "
              + paths.runtime()
              + " for the group of the processes");
    }
    return directory;
  }
}
