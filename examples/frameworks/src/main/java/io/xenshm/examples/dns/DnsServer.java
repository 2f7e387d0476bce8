package io.xenshm.examples.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Knows the addresses of {@code host-0.example.} to {@code host-255.example.}. */
public final class DnsServer {
  private static final Pattern NAME = Pattern.compile("host-(\\d{1,3})\\.example\\.");
  private static final int SECONDS_TO_LIVE = 60;

  private DnsServer() {}

  /** Serves at {@code HOST:PORT}. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, DnsServer::start);
  }

  /** Starts it. */
  public static RunningServer start(InetSocketAddress address, Tls tls) throws Exception {
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    Bootstrap bootstrap =
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
                            new DatagramDnsQueryDecoder(),
                            new DatagramDnsResponseEncoder(),
                            new Zone());
                  }
                });
    return RunningServer.of(bootstrap.bind(address).sync().channel(), group);
  }

  private static final class Zone extends SimpleChannelInboundHandler<DatagramDnsQuery> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramDnsQuery query) {
      DatagramDnsResponse response =
          new DatagramDnsResponse(query.recipient(), query.sender(), query.id());
      DnsQuestion question = query.recordAt(DnsSection.QUESTION);
      if (question != null) {
        response.addRecord(DnsSection.QUESTION, question);
        answer(response, question);
      }
      ctx.writeAndFlush(response);
    }

    private static void answer(DatagramDnsResponse response, DnsQuestion question) {
      Matcher matcher = NAME.matcher(question.name());
      if (!question.type().equals(DnsRecordType.A)
          || !matcher.matches()
          || Integer.parseInt(matcher.group(1)) > 255) {
        response.setCode(DnsResponseCode.NXDOMAIN);
        return;
      }
      byte[] address = {10, 0, 0, (byte) Integer.parseInt(matcher.group(1))};
      response.addRecord(
          DnsSection.ANSWER,
          new DefaultDnsRawRecord(
              question.name(), DnsRecordType.A, SECONDS_TO_LIVE, Unpooled.wrappedBuffer(address)));
    }
  }
}
