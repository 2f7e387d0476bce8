package io.xenshm.netty.attack;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** What the attacked channel is told, for the role's thread. */
final class Attacked extends SimpleChannelInboundHandler<ByteBuf> {
  final CompletableFuture<ChannelHandlerContext> active = new CompletableFuture<>();
  final CompletableFuture<Void> inactive = new CompletableFuture<>();
  final CompletableFuture<Throwable> exception = new CompletableFuture<>();
  final AtomicLong received = new AtomicLong();

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    active.complete(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    inactive.complete(null);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
    received.addAndGet(message.readableBytes());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    exception.complete(cause);
  }
}
