package io.xenshm.xen;

/**
 * The event channels, or doorbells, behind one descriptor ({@code /dev/xen/evtchn}, xen/evtchn.h).
 *
 * <p>A <em>port</em> is this domain's end of an event channel, a number that is unique in the
 * domain. It belongs to the {@code EventChannels} that bound it and cannot be moved to another. An
 * event has no content: events that were not yet received are one event. An event is a hint: there
 * may be one without a cause, for example right after {@link #bindInterdomain}.
 *
 * <p>Closing of a channel's other end is <em>silent</em>: the port then is unbound again, for the
 * same remote domain, and what is sent through it is dropped, without an error, until that domain
 * binds it again.
 *
 * <p>{@link #notify(int)} may be called from any thread; everything else by one thread at a time.
 */
public interface EventChannels extends AutoCloseable {

  /**
   * Returns the descriptor that is readable ({@code POLLIN}, level-triggered) while {@link
   * #poll(int[])} would return ports. It must not be read from, written to or closed.
   */
  int fileDescriptor();

  /**
   * Allocates a port that {@code remoteDomainId} may bind. A back end may, but need not, refuse a
   * domain that does not exist.
   *
   * @return the local port
   * @throws XenLimitException if the domain has no port left
   * @throws XenException if the back end refuses
   */
  int bindUnbound(int remoteDomainId) throws XenException;

  /**
   * Binds a new local port to an unbound port of another domain. Raises one event on the local port
   * at once.
   *
   * @return the local port
   * @throws XenLimitException if the domain has no port left
   * @throws XenException if the remote domain does not exist, or {@code remotePort} is not unbound
   *     for this domain
   */
  int bindInterdomain(int remoteDomainId, int remotePort) throws XenException;

  /**
   * Sends an event to the other end of a port. Never blocks. Nothing happens where the other end is
   * not bound.
   *
   * @throws XenException if the port is not bound here
   */
  void notify(int port) throws XenException;

  /**
   * Takes ports that have a pending event, without blocking. Each one taken is masked: further
   * events on it are remembered but not delivered until {@link #unmask}.
   *
   * @param ports receives the ports
   * @return how many there were; 0 if none is pending
   * @throws XenException if the descriptor overflowed or was closed
   */
  int poll(int[] ports) throws XenException;

  /**
   * Unmasks the first {@code count} of the given ports. An event that came while a port was masked
   * is delivered now. Ports that are no longer bound are passed over.
   */
  void unmask(int[] ports, int count) throws XenException;

  /**
   * Closes this end of a channel and frees the port. The other end gets no event.
   *
   * @throws XenException if the port is not bound here
   */
  void unbind(int port) throws XenException;

  /** Unbinds all ports and closes the descriptor. Calling it again has no effect. */
  @Override
  void close();
}
