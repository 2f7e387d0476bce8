package io.xenshm.examples.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryEncoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsSection;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Asks for addresses, one after the other, and asks again where no answer comes. */
public final class DnsClient {
  private static final int QUERIES = 1000;
  private static final int ASK_AGAIN_MILLIS = 1000;

  private DnsClient() {}

  /** Asks the server at {@code HOST:PORT}. */
  public static void main(String[] args) {
    ExampleProgram.call(args, DnsClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    CompletableFuture<Void> answered = new CompletableFuture<>();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    try {
      new Bootstrap()
          .group(group)
          .channel(XenShmDatagramChannel.class) // <- was NioDatagramChannel.class
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  channel
                      .pipeline()
                      .addLast(
                          new DatagramDnsQueryEncoder(),
                          new DatagramDnsResponseDecoder(),
                          new Resolver(address, answered));
                }
              })
          .bind(0)
          .sync();
      Answers.await(answered);
      return QUERIES + " names resolved";
    } finally {
      EventLoops.shutDown(group);
    }
  }

  private static final class Resolver extends SimpleChannelInboundHandler<DatagramDnsResponse> {
    private final InetSocketAddress server;
    private final CompletableFuture<Void> answered;
    private int query;

    Resolver(InetSocketAddress server, CompletableFuture<Void> answered) {
      this.server = server;
      this.answered = answered;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ask(ctx, query);
    }

    private void ask(ChannelHandlerContext ctx, int number) {
      if (number != query || answered.isDone()) {
        return;
      }
      DatagramDnsQuery message = new DatagramDnsQuery(null, server, number);
      String name = "host-" + number % 256 + ".example.";
      message.setRecord(DnsSection.QUESTION, new DefaultDnsQuestion(name, DnsRecordType.A));
      ctx.writeAndFlush(message);
      ctx.executor().schedule(() -> ask(ctx, number), ASK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramDnsResponse response)
        throws Exception {
      if (response.id() != query) {
        return; // the late answer to a question that was asked twice
      }
      DnsRawRecord record = response.recordAt(DnsSection.ANSWER);
      Answers.check(
          "address",
          "0a0000%02x".formatted(query % 256),
          record == null ? "none" : ByteBufUtil.hexDump(record.content()));
      query++;
      if (query == QUERIES) {
        answered.complete(null);
      } else {
        ask(ctx, query);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      answered.completeExceptionally(cause);
    }
  }
}
