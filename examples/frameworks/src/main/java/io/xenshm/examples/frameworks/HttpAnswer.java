package io.xenshm.examples.frameworks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/** The HTTP service of the examples: a GET is greeted, a POST gets its body back. */
public final class HttpAnswer extends SimpleChannelInboundHandler<FullHttpRequest> {
  /** Number of bytes that a body may have. */
  public static final int MAX_BODY = 4 << 20;

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    FullHttpResponse response;
    if (request.method().equals(HttpMethod.GET)) {
      response = response(HttpResponseStatus.OK, ByteBufUtil.writeUtf8(ctx.alloc(), "hello"));
    } else if (request.method().equals(HttpMethod.POST)) {
      response = response(HttpResponseStatus.OK, request.content().retain());
    } else {
      response = response(HttpResponseStatus.METHOD_NOT_ALLOWED, Unpooled.EMPTY_BUFFER);
    }
    HttpUtil.setContentLength(response, response.content().readableBytes());
    ctx.writeAndFlush(response);
  }

  private static FullHttpResponse response(HttpResponseStatus status, ByteBuf body) {
    return new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
  }
}
