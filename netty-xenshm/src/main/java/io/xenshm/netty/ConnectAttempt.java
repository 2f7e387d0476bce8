package io.xenshm.netty;

import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.Future;
import io.xenshm.link.Link;
import io.xenshm.link.LinkConnector;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.util.concurrent.TimeUnit;

/**
 * A client channel's attempt to connect: its promise and its time-out. Belongs to the channel's
 * event loop.
 */
final class ConnectAttempt implements LinkConnector.Callback {
  private final XenShmSocketChannel channel;
  private XenShmAddress remote;
  private XenShmAddress local;
  private ChannelPromise promise;
  private LinkConnector connector;
  private Future<?> timeout;

  ConnectAttempt(XenShmSocketChannel channel) {
    this.channel = channel;
  }

  void start(XenShmAddress address, ChannelPromise connectPromise) {
    if (promise != null) {
      connectPromise.tryFailure(new ConnectionPendingException());
      return;
    }
    XenShmLoop loop = channel.loop();
    promise = connectPromise;
    remote = address;
    local = localAddress(loop);
    connector =
        new LinkConnector(
            loop.node(),
            loop.doorbells(),
            channel.eventLoop(),
            address.domainId(),
            address.getPort(),
            local.getPort(),
            channel.config().getRingSize(),
            this);
    int timeoutMillis = channel.config().getConnectTimeoutMillis();
    if (timeoutMillis > 0) {
      timeout =
          channel
              .eventLoop()
              .schedule(() -> timedOut(timeoutMillis), timeoutMillis, TimeUnit.MILLISECONDS);
    }
    promise.addListener(
        done -> {
          if (done.isCancelled()) {
            channel.unsafe().close(channel.unsafe().voidPromise());
          }
        });
    connector.start();
  }

  private XenShmAddress localAddress(XenShmLoop loop) {
    XenShmAddress bound = channel.boundAddress();
    int port =
        bound == null || bound.getPort() == 0 ? loop.node().nextClientPort() : bound.getPort();
    return new XenShmAddress(loop.node().xen().domainId(), port);
  }

  private void timedOut(int millis) {
    if (connector != null) {
      connector.abandon(
          new ConnectTimeoutException("no answer from " + remote + " after " + millis + " ms"));
    }
  }

  @Override
  public void connected(Link link) {
    ChannelPromise connectPromise = finish();
    if (!channel.isOpen()) {
      link.close();
      return;
    }
    channel.connected(link, local, remote);
    boolean wanted = connectPromise.trySuccess();
    channel.pipeline().fireChannelActive();
    if (!wanted) {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }

  @Override
  public void failed(IOException cause) {
    finish().tryFailure(cause);
    if (channel.isOpen()) {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }

  private ChannelPromise finish() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
    connector = null;
    ChannelPromise finished = promise;
    promise = null;
    return finished;
  }

  /** The channel closes: gives up what is under way. */
  void close() {
    if (connector != null) {
      connector.abandon(new ClosedChannelException());
    }
  }
}
