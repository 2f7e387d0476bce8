package io.xenshm.netty;

import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;

/**
 * What carries a connected channel's bytes: rings or TCP. Belongs to the channel's event loop, but
 * for the two questions.
 */
interface Carrier {

  /** Reads when there is something, and once even where auto-read is off. */
  void beginRead();

  /** Auto-read was switched off: takes back a read that found nothing yet. */
  void cancelRead();

  /**
   * Writes as much as can be, and removes it from the buffer. The rest is written later without
   * another call.
   *
   * @throws Exception if the connection is gone
   */
  void write(ChannelOutboundBuffer buffer) throws Exception;

  /** Throws away what the peer still sends. */
  void shutdownInput(ChannelPromise promise);

  /**
   * Tells the peer that nothing more comes.
   *
   * @throws Exception if the connection is gone
   */
  void shutdownOutput() throws Exception;

  /** Says whether nothing more is read. */
  boolean isInputShutdown();

  /** Says whether nothing more is written. */
  boolean isOutputShutdown();

  /** Tells its state, for a log. On the event loop. */
  String describe();

  /** Ends the connection and gives everything back. Again has no effect. */
  void close();
}
