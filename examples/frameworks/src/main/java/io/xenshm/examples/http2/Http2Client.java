package io.xenshm.examples.http2;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.HttpAnswer;
import io.xenshm.examples.frameworks.HttpExchange;
import io.xenshm.examples.frameworks.HttpExchange.Response;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** An HTTP/2 client: many streams at a time on one connection. */
public final class Http2Client {
  private static final int STREAMS = 10;

  /** More than a stream's window, so that flow control has work. */
  private static final int BODY = 200_000;

  private Http2Client() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, Http2Client::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    SslContext ssl = tls.isOn() ? Http2Tls.withAlpn(tls.client()) : null;
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    try {
      Bootstrap bootstrap =
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
                              Http2FrameCodecBuilder.forClient().build(),
                              new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                    }
                  });
      Channel connection = bootstrap.connect(address).sync().channel();
      SslHandler handler = connection.pipeline().get(SslHandler.class);
      if (handler != null) {
        handler.handshakeFuture().sync();
        Answers.check("protocol", ApplicationProtocolNames.HTTP_2, handler.applicationProtocol());
      }
      return talk(connection);
    } finally {
      EventLoops.shutDown(group);
    }
  }

  private static String talk(Channel connection) throws Exception {
    List<byte[]> bodies = new ArrayList<>();
    List<CompletableFuture<Response>> answers = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      byte[] body = new byte[BODY];
      new Random(i).nextBytes(body);
      bodies.add(body);
      answers.add(HttpExchange.send(openStream(connection), HttpMethod.POST, body));
    }
    for (int i = 0; i < STREAMS; i++) {
      Response echo = Answers.await(answers.get(i));
      Answers.check("status", 200, echo.status());
      Answers.check("echo's equality", true, ByteBuffer.wrap(bodies.get(i)).equals(echo.body()));
    }
    return STREAMS + " streams at a time, " + BODY + " bytes echoed on each";
  }

  private static Channel openStream(Channel connection) throws InterruptedException {
    return new Http2StreamChannelBootstrap(connection)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel stream) {
                stream
                    .pipeline()
                    .addLast(
                        new Http2StreamFrameToHttpObjectCodec(false),
                        new HttpObjectAggregator(HttpAnswer.MAX_BODY),
                        new HttpExchange());
              }
            })
        .open()
        .sync()
        .getNow();
  }
}
