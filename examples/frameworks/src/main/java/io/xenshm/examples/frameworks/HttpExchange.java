package io.xenshm.examples.frameworks;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The client's end of HTTP exchanges on one channel, one at a time. */
public final class HttpExchange extends SimpleChannelInboundHandler<FullHttpResponse> {

  /**
   * What a server answered.
   *
   * @param status as in {@code 200}
   * @param body all of it
   */
  public record Response(int status, ByteBuffer body) {}

  private CompletableFuture<Response> response; // the event loop's

  /** Sends a request through a channel that has one of these at its pipeline's end. */
  public static CompletableFuture<Response> send(Channel channel, HttpMethod method, byte[] body) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    channel.eventLoop().execute(() -> send(channel, method, body, answer));
    return answer;
  }

  private static void send(
      Channel channel, HttpMethod method, byte[] body, CompletableFuture<Response> answer) {
    channel.pipeline().get(HttpExchange.class).response = answer;
    FullHttpRequest request =
        new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, "/", Unpooled.wrappedBuffer(body));
    HttpUtil.setContentLength(request, body.length);
    channel
        .writeAndFlush(request)
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                answer.completeExceptionally(written.cause());
              }
            });
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse message) {
    response.complete(
        new Response(
            message.status().code(), ByteBuffer.wrap(ByteBufUtil.getBytes(message.content()))));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(new IOException("the server closed the connection"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    if (response != null) {
      response.completeExceptionally(cause);
    }
  }
}
