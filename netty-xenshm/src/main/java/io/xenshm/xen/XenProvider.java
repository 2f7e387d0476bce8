package io.xenshm.xen;

/** A back end, found by {@link java.util.ServiceLoader}. */
public interface XenProvider {

  /** Returns the name by which a setting selects this back end: {@code linux}, {@code sim}. */
  String name();

  /**
   * Opens the back end for this process.
   *
   * @param argument what follows the name and a colon in the setting; empty if nothing does
   * @throws XenException if it cannot be used; the message says what is missing and what to do
   */
  Xen open(String argument) throws XenException;
}
