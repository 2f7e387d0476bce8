package io.xenshm.examples.telemetry;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.CharsetUtil;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Adds up counters: {@code NAME:VALUE|c}. {@code ?NAME} asks for a sum. */
public final class TelemetryServer {
  private static final Pattern COUNTER = Pattern.compile("([\\w.]{1,100}):(\\d{1,9})\\|c");
  private static final int MAX_COUNTERS = 10_000;

  private TelemetryServer() {}

  /** Serves at {@code HOST:PORT}. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, TelemetryServer::start);
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
            .handler(new Counters());
    return RunningServer.of(bootstrap.bind(address).sync().channel(), group);
  }

  private static final class Counters extends SimpleChannelInboundHandler<DatagramPacket> {
    private final Map<String, Long> sums = new HashMap<>();

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      String text = packet.content().toString(CharsetUtil.US_ASCII);
      Matcher counter = COUNTER.matcher(text);
      if (text.startsWith("?")) {
        String sum = Long.toString(sums.getOrDefault(text.substring(1), 0L));
        ByteBuf answer = ByteBufUtil.writeAscii(ctx.alloc(), sum);
        ctx.writeAndFlush(new DatagramPacket(answer, packet.sender()));
      } else if (counter.matches() && sums.size() < MAX_COUNTERS) {
        sums.merge(counter.group(1), Long.parseLong(counter.group(2)), Long::sum);
      }
    }
  }
}
