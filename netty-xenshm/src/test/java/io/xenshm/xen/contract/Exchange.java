package io.xenshm.xen.contract;

/** Carries short messages between the two roles, in order. One for all scenarios. */
public interface Exchange {

  /** Sends a message of at most 2000 characters, without line breaks. */
  void send(String message) throws Exception;

  /** Returns the next message; null if none came in time. */
  String receive(long timeoutMillis) throws Exception;
}
