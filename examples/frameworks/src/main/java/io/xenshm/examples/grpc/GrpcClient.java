package io.xenshm.examples.grpc;

import static io.xenshm.examples.grpc.NumbersService.number;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslProvider;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.examples.grpc.proto.Number;
import io.xenshm.examples.grpc.proto.NumbersGrpc;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/** A gRPC client: one call of each kind, all on one connection. */
public final class GrpcClient {
  private static final int MESSAGES = 1000;
  private static final int BALLAST = 1_000_000;
  private static final long TIMEOUT_SECONDS = 30;

  private GrpcClient() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, GrpcClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(address)
            .eventLoopGroup(group)
            .channelType(XenShmSocketChannel.class); // <- was NioSocketChannel.class
    if (tls.isOn()) {
      builder.sslContext(GrpcSslContexts.configure(tls.client(), SslProvider.JDK).build());
    } else {
      builder.usePlaintext();
    }
    ManagedChannel channel = builder.build();
    try {
      return talk(channel);
    } finally {
      channel.shutdownNow();
      channel.awaitTermination(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      EventLoops.shutDown(group);
    }
  }

  private static String talk(ManagedChannel channel) throws Exception {
    NumbersGrpc.NumbersBlockingStub blocking =
        NumbersGrpc.newBlockingStub(channel).withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    NumbersGrpc.NumbersStub async =
        NumbersGrpc.newStub(channel).withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS);

    Number heavy =
        Number.newBuilder().setValue(12).setBallast(ByteString.copyFrom(new byte[BALLAST])).build();
    Answers.check("square", heavy.toBuilder().setValue(144).build(), blocking.square(heavy));

    Iterator<Number> counted = blocking.countTo(number(MESSAGES));
    for (long i = 1; i <= MESSAGES; i++) {
      Answers.check("number", number(i), counted.next());
    }
    Answers.check("more after the last number", false, counted.hasNext());

    long total = MESSAGES * (MESSAGES + 1L) / 2;
    Answers.check("sum", List.of(total), stream(async::sum));

    List<Long> sums = LongStream.rangeClosed(1, MESSAGES).mapToObj(n -> n * (n + 1) / 2).toList();
    Answers.check("running sums", sums, stream(async::runningSum));
    return "unary call of "
        + BALLAST
        + " bytes, "
        + MESSAGES
        + " messages streamed from the server, from the client and both ways";
  }

  /** Sends the numbers from 1 on, and returns what the server sends. */
  private static List<Long> stream(UnaryOperator<StreamObserver<Number>> call) throws Exception {
    Collector answers = new Collector();
    StreamObserver<Number> requests = call.apply(answers);
    for (long i = 1; i <= MESSAGES; i++) {
      requests.onNext(number(i));
    }
    requests.onCompleted();
    return Answers.await(answers.all());
  }
}
