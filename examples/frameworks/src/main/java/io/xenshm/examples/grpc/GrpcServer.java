package io.xenshm.examples.grpc;

import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslProvider;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import java.net.InetSocketAddress;

/** A gRPC server. */
public final class GrpcServer {

  private GrpcServer() {}

  /** Serves at {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, GrpcServer::start);
  }

  /** Starts it. */
  public static RunningServer start(InetSocketAddress address, Tls tls) throws Exception {
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .bossEventLoopGroup(group)
            .workerEventLoopGroup(group)
            .channelType(XenShmServerSocketChannel.class) // <- was NioServerSocketChannel.class
            .addService(new NumbersService());
    if (tls.isOn()) {
      builder.sslContext(GrpcSslContexts.configure(tls.server(), SslProvider.JDK).build());
    }
    Server server = builder.build().start();
    return new RunningServer(server.getPort(), () -> stop(server, group));
  }

  private static void stop(Server server, EventLoopGroup group) {
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    EventLoops.shutDown(group);
  }
}
