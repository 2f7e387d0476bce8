package io.xenshm.bench.worker;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.xenshm.bench.Answer;
import io.xenshm.examples.EventLoops;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmLimit;
import io.xenshm.netty.XenShmMetrics;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A client, on one event loop unless it is told otherwise. It knows
 *
 * <pre>
 * stream SIZE TOTAL FLUSH_BYTES NESTED RING_SIZE
 * ping SIZE COUNT SPINS RING_SIZE
 * datagrams SIZE MILLIS PORT
 * connect COUNT AT_A_TIME
 * requests SIZE CONNECTIONS COUNT
 * limits
 * open COUNT RING_SIZE
 * close
 * rest MILLIS
 * </pre>
 *
 * <p>A ring size of 0 is the default.
 */
final class NettyClient implements Worker {
  private static final long PATIENCE_SECONDS = 120;
  private static final int CONNECT_TIMEOUT_MILLIS = 20_000;

  private final NettyTransport transport;
  private final SocketAddress address;
  private final List<Channel> open = new ArrayList<>();

  NettyClient(NettyTransport transport, String address) {
    this.transport = transport;
    this.address = transport.addressOf(address);
  }

  @Override
  public String address() {
    return "-";
  }

  @Override
  public Answer run(String[] command) throws Exception {
    return switch (command[0]) {
      case "stream" ->
          stream(
              Integer.parseInt(command[1]),
              Long.parseLong(command[2]),
              Integer.parseInt(command[3]),
              Boolean.parseBoolean(command[4]),
              Integer.parseInt(command[5]));
      case "ping" ->
          ping(
              Integer.parseInt(command[1]),
              Integer.parseInt(command[2]),
              Boolean.parseBoolean(command[3]),
              Integer.parseInt(command[4]));
      case "datagrams" ->
          datagrams(
              Integer.parseInt(command[1]),
              Long.parseLong(command[2]),
              Integer.parseInt(command[3]));
      case "connect" -> connect(Integer.parseInt(command[1]), Integer.parseInt(command[2]));
      case "open" -> open(Integer.parseInt(command[1]), Integer.parseInt(command[2]));
      case "requests" ->
          requests(
              Integer.parseInt(command[1]),
              Integer.parseInt(command[2]),
              Integer.parseInt(command[3]));
      case "limits" -> limits();
      case "close" -> closeAll();
      case "rest" -> rest(Long.parseLong(command[1]));
      default -> throw new IllegalArgumentException("unknown command");
    };
  }

  private Answer stream(int size, long total, int flushBytes, boolean nested, int ringSize)
      throws Exception {
    ByteBuf message = message(size);
    try {
      return run(new StreamHandler(message, total, flushBytes, nested), true, ringSize);
    } finally {
      message.release();
    }
  }

  private Answer datagrams(int size, long millis, int port) throws Exception {
    ByteBuf content = message(size);
    try {
      return DatagramSender.run(transport, port, content, millis);
    } finally {
      content.release();
    }
  }

  private Answer ping(int size, int count, boolean spins, int ringSize) throws Exception {
    ByteBuf message = message(size);
    try {
      RoundTrips roundTrips = new RoundTrips(count);
      Answer answer = run(new PingHandler(message, roundTrips, spins), spins, ringSize);
      return answer.with("histogram", roundTrips.encoded());
    } finally {
      message.release();
    }
  }

  /** Round trips over several connections at once. */
  private Answer requests(int size, int connections, int count) throws Exception {
    ByteBuf message = message(size);
    List<PingHandler> handlers = new ArrayList<>();
    List<RoundTrips> times = new ArrayList<>();
    List<Channel> channels = new ArrayList<>();
    CompletableFuture<Void> allOpen = new CompletableFuture<>();
    try {
      for (int i = 0; i < connections; i++) {
        times.add(new RoundTrips(count));
        handlers.add(
            new PingHandler(message, times.getLast(), true) {
              @Override
              void begin(ChannelHandlerContext ctx) {
                allOpen.thenRunAsync(() -> super.begin(ctx), ctx.executor());
              }
            });
        channels.add(bootstrap(handlers.getLast(), true, 0).connect(address).sync().channel());
      }
      long start = System.nanoTime();
      allOpen.complete(null);
      for (PingHandler handler : handlers) {
        handler.result().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
      final long nanos = System.nanoTime() - start;
      for (Channel channel : channels) {
        channel.closeFuture().sync();
      }
      RoundTrips all = new RoundTrips(0);
      times.forEach(all::add);
      return new Answer().with("nanos", nanos).with("histogram", all.encoded());
    } finally {
      message.release();
    }
  }

  /** Returns how often a peer reached a limit. */
  static Answer limits() {
    long sum = 0;
    for (XenShmLimit limit : XenShmLimit.values()) {
      sum += XenShmMetrics.limitReached(limit);
    }
    return new Answer().with("limits", sum);
  }

  private Answer run(ClientHandler handler, boolean spins, int ringSize) throws Exception {
    Channel channel = bootstrap(handler, spins, ringSize).connect(address).sync().channel();
    Answer answer = handler.result().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    channel.closeFuture().sync();
    return answer;
  }

  private Answer connect(int count, int atATime) throws Exception {
    ConnectSeries series =
        new ConnectSeries(handler -> bootstrap(handler, true, 0).connect(address), count);
    transport.group().execute(() -> series.begin(atATime));
    return series.result().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** Opens connections that stay, one after the other, and on which nothing happens. */
  private Answer open(int count, int ringSize) throws Exception {
    for (int i = 0; i < count; i++) {
      ClientHandler handler = new ClientHandler(Request.NOTHING);
      open.add(bootstrap(handler, true, ringSize).connect(address).sync().channel());
      handler.result().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    return new Answer().with("open", open.size());
  }

  private static Answer rest(long millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(millis);
    return new Answer();
  }

  private Answer closeAll() throws InterruptedException {
    for (Channel channel : open) {
      channel.close().sync();
    }
    open.clear();
    return new Answer();
  }

  private Bootstrap bootstrap(ClientHandler handler, boolean spins, int ringSize) {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(transport.group())
            .channel(transport.clientClass())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(handler);
    if (address instanceof XenShmAddress) {
      if (!spins) {
        bootstrap.option(XenShmChannelOption.XENSHM_SPIN_MICROS, 0);
      }
      if (ringSize > 0) {
        bootstrap.option(XenShmChannelOption.XENSHM_RING_SIZE, ringSize);
      }
    }
    return bootstrap;
  }

  private static ByteBuf message(int size) {
    return PooledByteBufAllocator.DEFAULT.directBuffer(size, size).writeZero(size);
  }

  @Override
  public void close() {
    EventLoops.shutDown(transport.group());
  }
}
