package io.xenshm.netty;

import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/** What of a datagram channel is UDP's alone: the type of addresses, the groups of multicast. */
abstract class AbstractUdpChannel extends AbstractChannel implements DatagramChannel {
  AbstractUdpChannel() {
    super(null);
  }

  /** Returns the UDP socket's channel. */
  abstract EpollDatagramChannel socket();

  @Override
  public InetSocketAddress localAddress() {
    return (InetSocketAddress) super.localAddress();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return (InetSocketAddress) super.remoteAddress();
  }

  @Override
  public ChannelFuture joinGroup(InetAddress group) {
    return joinGroup(group, newPromise());
  }

  @Override
  public ChannelFuture joinGroup(InetAddress group, ChannelPromise promise) {
    return socket().joinGroup(group, promise);
  }

  @Override
  public ChannelFuture joinGroup(InetSocketAddress group, NetworkInterface network) {
    return joinGroup(group, network, newPromise());
  }

  @Override
  public ChannelFuture joinGroup(
      InetSocketAddress group, NetworkInterface network, ChannelPromise promise) {
    return socket().joinGroup(group, network, promise);
  }

  @Override
  public ChannelFuture joinGroup(InetAddress group, NetworkInterface network, InetAddress source) {
    return joinGroup(group, network, source, newPromise());
  }

  @Override
  public ChannelFuture joinGroup(
      InetAddress group, NetworkInterface network, InetAddress source, ChannelPromise promise) {
    return socket().joinGroup(group, network, source, promise);
  }

  @Override
  public ChannelFuture leaveGroup(InetAddress group) {
    return leaveGroup(group, newPromise());
  }

  @Override
  public ChannelFuture leaveGroup(InetAddress group, ChannelPromise promise) {
    return socket().leaveGroup(group, promise);
  }

  @Override
  public ChannelFuture leaveGroup(InetSocketAddress group, NetworkInterface network) {
    return leaveGroup(group, network, newPromise());
  }

  @Override
  public ChannelFuture leaveGroup(
      InetSocketAddress group, NetworkInterface network, ChannelPromise promise) {
    return socket().leaveGroup(group, network, promise);
  }

  @Override
  public ChannelFuture leaveGroup(InetAddress group, NetworkInterface network, InetAddress source) {
    return leaveGroup(group, network, source, newPromise());
  }

  @Override
  public ChannelFuture leaveGroup(
      InetAddress group, NetworkInterface network, InetAddress source, ChannelPromise promise) {
    return socket().leaveGroup(group, network, source, promise);
  }

  @Override
  public ChannelFuture block(
      InetAddress group, NetworkInterface network, InetAddress sourceToBlock) {
    return block(group, network, sourceToBlock, newPromise());
  }

  @Override
  public ChannelFuture block(
      InetAddress group,
      NetworkInterface network,
      InetAddress sourceToBlock,
      ChannelPromise promise) {
    return socket().block(group, network, sourceToBlock, promise);
  }

  @Override
  public ChannelFuture block(InetAddress group, InetAddress sourceToBlock) {
    return block(group, sourceToBlock, newPromise());
  }

  @Override
  public ChannelFuture block(InetAddress group, InetAddress sourceToBlock, ChannelPromise promise) {
    return socket().block(group, sourceToBlock, promise);
  }
}
