package probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An echo between two domains of a simulated host, in a program of its own. */
public final class Main {
  @Sharable
  static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }
  }

  public static void main(String[] args) throws Exception {
    try (SimulatedHost host = SimulatedHost.start(SimulatedHostConfig.of(Path.of(args[0]), 2));
        SimulatedXen server = SimulatedXen.open(host.directory(), 1);
        SimulatedXen client = SimulatedXen.open(host.directory(), 2)) {
      EventLoopGroup servers = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(server));
      EventLoopGroup clients = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(client));
      SocketAddress address = new ServerBootstrap().group(servers)
          .channel(XenShmServerSocketChannel.class).childHandler(new Echo())
          .bind(new XenShmAddress(1, 0)).sync().channel().localAddress();
      CompletableFuture<Integer> answer = new CompletableFuture<>();
      XenShmSocketChannel channel = (XenShmSocketChannel) new Bootstrap().group(clients)
          .channel(XenShmSocketChannel.class)
          .handler(new SimpleChannelInboundHandler<ByteBuf>() {
            @Override
            protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
              answer.complete((int) message.readByte());
            }
          })
          .connect(address).sync().channel();
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {42}));
      System.out.println("ECHO " + answer.get(20, TimeUnit.SECONDS) + " " + channel.path()
          + " " + Main.class.getModule() + " " + XenShmSocketChannel.class.getModule());
      clients.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
      servers.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }
  }
}
