package io.xenshm.examples.plain;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslContext;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** Sends lines, one after the other's answer, and checks the answers. */
public final class PlainClient {
  private static final int LINES = 200;
  private static final int MAX_LINE = 1000;

  private PlainClient() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, PlainClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    SslContext ssl = tls.clientContext();
    CompletableFuture<Void> answered = new CompletableFuture<>();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    try {
      new Bootstrap()
          .group(group)
          .channel(XenShmSocketChannel.class) // <- was NioSocketChannel.class
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  if (ssl != null) {
                    channel
                        .pipeline()
                        .addLast(
                            ssl.newHandler(
                                channel.alloc(), address.getHostString(), address.getPort()));
                  }
                  channel
                      .pipeline()
                      .addLast(
                          new LineBasedFrameDecoder(MAX_LINE),
                          new StringDecoder(),
                          new StringEncoder(),
                          new Conversation(answered));
                }
              })
          .connect(address)
          .sync();
      Answers.await(answered);
      return LINES + " lines answered";
    } finally {
      EventLoops.shutDown(group);
    }
  }

  private static final class Conversation extends SimpleChannelInboundHandler<String> {
    private final CompletableFuture<Void> answered;
    private int line;

    Conversation(CompletableFuture<Void> answered) {
      this.answered = answered;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.writeAndFlush("line 0\n");
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, String answer) throws IOException {
      Answers.check("answer", "LINE " + line, answer);
      line++;
      if (line == LINES) {
        answered.complete(null);
      } else {
        ctx.writeAndFlush("line " + line + "\n");
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      answered.completeExceptionally(new IOException("the server closed the connection"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      answered.completeExceptionally(cause);
    }
  }
}
