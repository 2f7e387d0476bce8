package io.xenshm.examples.http1;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.ssl.SslContext;
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
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** An HTTP/1.1 client: several requests on one connection. */
public final class Http1Client {
  private static final int POSTS = 5;
  private static final int BODY = 1_000_000;

  private Http1Client() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, Http1Client::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    SslContext ssl = tls.clientContext();
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
                              new HttpClientCodec(),
                              new HttpObjectAggregator(HttpAnswer.MAX_BODY),
                              new HttpExchange());
                    }
                  });
      return talk(bootstrap.connect(address).sync().channel());
    } finally {
      EventLoops.shutDown(group);
    }
  }

  private static String talk(Channel channel) throws Exception {
    Response greeting = Answers.await(HttpExchange.send(channel, HttpMethod.GET, new byte[0]));
    Answers.check("status", 200, greeting.status());
    Answers.check("greeting", "hello", StandardCharsets.UTF_8.decode(greeting.body()).toString());

    byte[] body = new byte[BODY];
    for (int i = 0; i < POSTS; i++) {
      new Random(i).nextBytes(body);
      Response echo = Answers.await(HttpExchange.send(channel, HttpMethod.POST, body));
      Answers.check("status", 200, echo.status());
      Answers.check("echo's equality", true, ByteBuffer.wrap(body).equals(echo.body()));
    }

    Response refusal = Answers.await(HttpExchange.send(channel, HttpMethod.DELETE, new byte[0]));
    Answers.check("status", 405, refusal.status());
    return POSTS + " bodies of " + BODY + " bytes echoed on one connection";
  }
}
