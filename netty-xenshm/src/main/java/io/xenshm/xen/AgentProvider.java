package io.xenshm.xen;

import java.io.IOException;

/**
 * dom0's agent, found by {@link java.util.ServiceLoader}: a simulated host starts it, as the
 * operator of a real one does.
 */
public interface AgentProvider {

  /**
   * Starts an agent with default settings. When this returns, each guest that was there has its
   * table.
   *
   * @param dom0 dom0's connection to XenStore; it stays the caller's
   * @throws IOException if XenStore refuses or does not answer
   */
  Agent start(XenStore dom0) throws IOException;

  /** An agent that runs. */
  interface Agent extends AutoCloseable {
    /** Ends it. What it wrote stays. */
    @Override
    void close();
  }
}
