package io.xenshm.examples;

/** Arguments of a program that it cannot use. The message says what is right. */
public final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with one line for the user. */
  public UsageException(String message) {
    super(message);
  }
}
