package io.xenshm.machine;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Writes of several sizes from guest to guest, over shared memory and over TCP through netfront and
 * netback, in turns, after rounds that do not count. Then dom0 is asked for the processors' shares
 * during each of them, and during neither.
 */
final class TransportBench {
  private static final int[] SIZES =
      Arrays.stream(
              System.getProperty("xenshm.bench.sizes", "256,1024,16384,65536,131072").split(","))
          .mapToInt(Integer::parseInt)
          .toArray();

  /** Compiled code settles slowly where the processor is emulated. */
  private static final int WARM_UP_ROUNDS = Integer.getInteger("xenshm.bench.warmUpRounds", 10);

  private static final int ROUNDS = 5;
  private static final long ROUND_SECONDS = Long.getLong("xenshm.bench.roundSeconds", 3);
  private static final long SHARE_SECONDS = Long.getLong("xenshm.bench.shareSeconds", 30);
  private static final int SHARE_SIZE = 64 * 1024;

  private enum Carrier {
    SHARED_MEMORY,
    TCP;

    Class<? extends Channel> type() {
      return this == TCP ? EpollSocketChannel.class : XenShmSocketChannel.class;
    }

    SocketAddress address() {
      return this == TCP
          ? new InetSocketAddress(Ports.addressOfGuest(Ports.SERVER_GUEST), Ports.SINK)
          : new XenShmAddress(Ports.SERVER_GUEST, Ports.SINK);
    }
  }

  private final EventLoopGroup group;
  private final Report report;
  private final Control control;

  TransportBench(EventLoopGroup group, Report report, Control control) {
    this.group = group;
    this.report = report;
    this.control = control;
  }

  void run() throws Exception {
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      measureAll("warm-up " + (round + 1));
    }
    Rate[][] rounds = new Rate[ROUNDS][];
    for (int round = 0; round < ROUNDS; round++) {
      rounds[round] = measureAll("round " + (round + 1));
    }
    report.note("TABLE   write | shared memory MB/s |   TCP MB/s | ratio");
    for (int i = 0; i < SIZES.length; i++) {
      int column = i;
      double ofMemory = median(rounds, round -> round[column].memory);
      double ofTcp = median(rounds, round -> round[column].tcp);
      report.note(
          String.format(
              Locale.ROOT,
              "TABLE %7d | %18.2f | %10.2f | %5.1f",
              SIZES[i],
              ofMemory,
              ofTcp,
              ofMemory / ofTcp));
    }
    if (SHARE_SECONDS == 0) {
      return;
    }
    share("idle", null);
    share("shared-memory", Carrier.SHARED_MEMORY);
    share("tcp", Carrier.TCP);
  }

  /** In MB/s, of one size in one round. */
  private record Rate(double memory, double tcp) {}

  /** Measures each size over each way in turn, so that a bad moment of the machine meets all. */
  private Rate[] measureAll(String round) throws Exception {
    Rate[] rates = new Rate[SIZES.length];
    for (int i = 0; i < SIZES.length; i++) {
      double memory = measure(Carrier.SHARED_MEMORY, SIZES[i], ROUND_SECONDS);
      double tcp = measure(Carrier.TCP, SIZES[i], ROUND_SECONDS);
      rates[i] = new Rate(memory, tcp);
      report.note(
          String.format(Locale.ROOT, "%s: %d: %.2f and %.2f MB/s", round, SIZES[i], memory, tcp));
    }
    return rates;
  }

  /** Has dom0 print the processors' shares while a transfer runs, or none. */
  private void share(String label, Carrier carrier) throws Exception {
    // dom0's command measures the middle of the time; its start takes seconds in the emulation.
    report.note("@dom0 run sh /machine/shares " + label + " " + SHARE_SECONDS / 2);
    if (carrier == null) {
      TimeUnit.SECONDS.sleep(SHARE_SECONDS);
    } else {
      double rate = measure(carrier, SHARE_SIZE, SHARE_SECONDS);
      report.note(String.format(Locale.ROOT, "%s: %.2f MB/s", label, rate));
    }
  }

  /**
   * Returns the rate in MB/s at which the server takes bytes, by its own clock. What is on its way
   * at the end is thrown away: TCP's buffers hold minutes of small writes.
   */
  private double measure(Carrier carrier, int size, long seconds) throws Exception {
    Channel channel = connect(carrier);
    Flood flood = new Flood(channel, size);
    flood.start();
    flood.awaitBytes(size);
    Count start = count();
    TimeUnit.SECONDS.sleep(seconds);
    Count end = count();
    flood.stop();
    channel.close().sync();
    return (end.bytes - start.bytes) / 1e6 / ((end.nanos - start.nanos) / 1e9);
  }

  private record Count(long bytes, long nanos) {}

  private Count count() throws IOException {
    String[] words = control.ask("count").split(" ", -1);
    return new Count(Long.parseLong(words[0]), Long.parseLong(words[1]));
  }

  private Channel connect(Carrier carrier) throws InterruptedException {
    return new Bootstrap()
        .group(group)
        .channel(carrier.type())
        .option(ChannelOption.SO_LINGER, 0)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 60_000)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                Ports.configure(channel);
              }
            })
        .connect(carrier.address())
        .sync()
        .channel();
  }

  private static double median(Rate[][] rounds, ToDoubleFunction<Rate[]> value) {
    return Arrays.stream(rounds)
        .mapToDouble(value)
        .sorted()
        .skip(rounds.length / 2)
        .findFirst()
        .orElseThrow();
  }
}
