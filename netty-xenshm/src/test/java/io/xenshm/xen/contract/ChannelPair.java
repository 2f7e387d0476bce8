package io.xenshm.xen.contract;

import io.xenshm.xen.EventChannels;

/** One end of an event channel between the two roles. */
final class ChannelPair implements AutoCloseable {
  final EventChannels channels;
  final int port;

  private ChannelPair(EventChannels channels, int port) {
    this.channels = channels;
    this.port = port;
  }

  /** The end that waits to be bound. Returns once it was. */
  static ChannelPair offer(Side side) throws Exception {
    EventChannels channels = side.xen().openEventChannels();
    int port = channels.bindUnbound(side.peerDomain());
    side.send("offered port", port);
    side.receive("bound");
    return new ChannelPair(channels, port);
  }

  /** The end that binds, with the event that binding raises taken. */
  static ChannelPair bind(Side side) throws Exception {
    EventChannels channels = side.xen().openEventChannels();
    int port = channels.bindInterdomain(side.peerDomain(), side.receiveInt("offered port"));
    side.awaitAndUnmask(channels, port);
    side.send("bound", port);
    return new ChannelPair(channels, port);
  }

  @Override
  public void close() {
    channels.close();
  }
}
