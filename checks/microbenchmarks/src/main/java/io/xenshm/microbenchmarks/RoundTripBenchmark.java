package io.xenshm.microbenchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.Xen;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Round trips between two domains in this process, an event loop each: the whole way through both
 * pipelines. The bytes that are allocated are those of both ends.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class RoundTripBenchmark {
  private static final int ROUND_TRIPS = 10_000;
  private static final int PORT = 4711;

  /** Bytes of a message. */
  @Param({"64", "16384"})
  private int size;

  private Path directory;
  private SimulatedHost host;
  private Xen[] xen;
  private MultiThreadIoEventLoopGroup[] loops;
  private Channel client;
  private Client handler;

  /** Connects. */
  @Setup(Level.Trial)
  public void connect() throws Exception {
    Path memory = Path.of("/dev/shm");
    directory =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "xenshm-jmh-")
            : Files.createTempDirectory("xenshm-jmh-");
    host = SimulatedHost.start(SimulatedHostConfig.of(directory.resolve("host"), 2));
    xen =
        new Xen[] {SimulatedXen.open(host.directory(), 1), SimulatedXen.open(host.directory(), 2)};
    loops =
        new MultiThreadIoEventLoopGroup[] {
          new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen[0])),
          new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen[1]))
        };
    new ServerBootstrap()
        .group(loops[0])
        .channel(XenShmServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new Echo());
              }
            })
        .bind(new XenShmAddress(1, PORT))
        .sync();
    handler = new Client(ByteBufAllocator.DEFAULT.directBuffer(size, size).writeZero(size));
    client =
        new Bootstrap()
            .group(loops[1])
            .channel(XenShmSocketChannel.class)
            .handler(handler)
            .connect(new XenShmAddress(1, PORT))
            .sync()
            .channel();
  }

  /** Ends everything. */
  @TearDown(Level.Trial)
  public void close() throws IOException, InterruptedException {
    client.close().sync();
    handler.message.release();
    for (int i = 0; i < 2; i++) {
      loops[i].shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
      xen[i].close();
    }
    host.close();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  /** One round trip; they run in series, to leave out the way to the event loop and back. */
  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void roundTrip() throws InterruptedException {
    client.eventLoop().execute(handler::begin);
    handler.awaitEnd();
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.write(message, ctx.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      ctx.flush();
    }
  }

  private static final class Client extends ChannelInboundHandlerAdapter {
    private final ByteBuf message;
    private ChannelHandlerContext ctx;
    private int left;
    private int received;
    private boolean ended;

    Client(ByteBuf message) {
      this.message = message;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      ctx = context;
    }

    void begin() {
      left = ROUND_TRIPS;
      send();
    }

    private void send() {
      ctx.writeAndFlush(message.retainedDuplicate(), ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      ByteBuf buffer = (ByteBuf) bytes;
      received += buffer.readableBytes();
      buffer.release();
      if (received == message.readableBytes()) {
        received = 0;
        if (--left > 0) {
          send();
        } else {
          end();
        }
      }
    }

    private synchronized void end() {
      ended = true;
      notifyAll();
    }

    synchronized void awaitEnd() throws InterruptedException {
      while (!ended) {
        wait();
      }
      ended = false;
    }
  }
}
