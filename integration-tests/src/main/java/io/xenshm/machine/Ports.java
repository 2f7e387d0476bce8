package io.xenshm.machine;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmSocketChannel;

/** Ports of the server, the same in shared memory and in TCP, and how the guests are numbered. */
final class Ports {
  /** Sends back what it gets. */
  static final int ECHO = 4711;

  /** Answers to the end of the client's data with their SHA-256, then closes. */
  static final int DIGEST = 4712;

  /** Takes data and says nothing. */
  static final int SINK = 4713;

  /** Answers to the end of the client's data with their number, 8 bytes, then closes. */
  static final int COUNT = 4714;

  /** Datagrams: data, and questions for how many of them came. */
  static final int DATAGRAM = 4715;

  /**
   * Says the client's address as a line, then sends back what it gets: at one address of the
   * server's guest, and in dom0.
   */
  static final int ONE_ADDRESS = 4716;

  /** The same, at all addresses of the server's guest. */
  static final int ALL_ADDRESSES = 4717;

  /** TCP only: a line tells the server what to do with itself. */
  static final int CONTROL = 4600;

  /** The guest that serves; its domain number too. */
  static final int SERVER_GUEST = 1;

  /** The guest of the client; its domain number too. */
  static final int CLIENT_GUEST = 2;

  static final String DOM0 = "10.77.0.254";

  /** How long a loop looks for work; longer than the default where time passes slowly. */
  private static final Integer SPIN_MICROS = Integer.getInteger("xenshm.machine.spinMicros");

  /** Bytes of a connection's rings; more than the default where a switch of guests is dear. */
  private static final Integer RING_SIZE = Integer.getInteger("xenshm.machine.ringSize");

  private Ports() {}

  /** Sets the options of a shared-memory channel that properties name. */
  static void configure(Channel channel) {
    if (channel instanceof XenShmSocketChannel) {
      set(channel, XenShmChannelOption.XENSHM_SPIN_MICROS, SPIN_MICROS);
      set(channel, XenShmChannelOption.XENSHM_RING_SIZE, RING_SIZE);
    }
  }

  private static void set(Channel channel, ChannelOption<Integer> option, Integer value) {
    if (value != null) {
      channel.config().setOption(option, value);
    }
  }

  static String addressOfGuest(int guest) {
    return "10.77.0." + guest;
  }

  /** Returns the second address of a guest's card, which the toolstack does not know. */
  static String untoldAddressOfGuest(int guest) {
    return "10.77.0." + (100 + guest);
  }
}
