package io.xenshm.machine;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmPath;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The client's guest: plays the scenarios that its arguments name, in their order, against {@link
 * TransportServer}.
 */
final class TransportClient {
  private static final int SMALL_RING = 32 * 1024;
  private static final int TRANSFER_BYTES = 4 * 1024 * 1024;
  private static final int CHUNK = 64 * 1024;
  private static final int MESSAGE = 1000;

  /** What the emulation may take until a lost peer is reported; 2 s without it. */
  private static final double LOSS_SECONDS = 10;

  private static final int RESTORE_SECONDS = 300;

  /** dom0 gives the next number after those of the two guests. */
  private static final int FIRST_RESTORED_DOMAIN = 3;

  /** A connection that takes longer is told of, since it may have waited for a heartbeat. */
  private static final double SLOW_SECONDS = 3;

  private final Report report = new Report();
  private final Xen xen;
  private final EventLoopGroup group;
  private Control control;
  private AddressScenarios addresses;
  private boolean addressesByMac;
  private boolean addressesAreServed;

  private TransportClient(Xen xen, Control control) {
    this.xen = xen;
    this.control = control;
    this.group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen));
  }

  public static void main(String[] scenarios) throws Exception {
    TransportClient client =
        new TransportClient(XenBackEnds.open(XenBackEnds.AUTO), Control.connect());
    for (String scenario : scenarios) {
      client.report.check(scenario, () -> client.play(scenario));
    }
    client.control.close();
    if (client.addresses != null) {
      client.addresses.close();
    }
    client.group.shutdownGracefully().sync();
    client.xen.close();
    client.report.exit();
  }

  private void play(String scenario) throws Exception {
    switch (scenario) {
      case "echo" -> echo();
      case "transfer" -> transfer();
      case "datagrams" -> new Datagrams(group, report).run();
      case "half-close" -> halfClose();
      case "50-at-a-time" -> many(50);
      case "1000-in-turn" -> inTurn(1000);
      case "100-in-turn" -> inTurn(100);
      case "killed" -> serverKilled();
      case "destroyed" -> serverGuestDestroyed();
      case "restored" -> serverGuestRestored();
      case "end" -> control.say("end");
      case "doctor" -> doctor();
      case "by-address", "not-found", "claims", "gone" -> addresses(false).play(scenario);
      case "by-mac" -> addresses(true).play(scenario);
      case "bench" -> new TransportBench(group, report, control).run();
      default -> throw new IllegalArgumentException("no scenario '" + scenario + "'");
    }
  }

  /** Opens the address scenarios where they are not, and the server's side of them. */
  private AddressScenarios addresses(boolean byMac) throws Exception {
    if (addresses != null && addressesByMac != byMac) {
      addresses.close();
      addresses = null;
    }
    if (addresses == null) {
      if (!addressesAreServed) {
        Report.require("listening".equals(control.ask("addresses")), "the server has no answer");
        addressesAreServed = true;
      }
      addresses = new AddressScenarios(report, byMac);
      addressesByMac = byMac;
    }
    return addresses;
  }

  /** In a process of its own, as its user runs it: nothing is missing in this guest. */
  private static void doctor() throws Exception {
    Process doctor =
        new ProcessBuilder("java", "-Xint", "io.xenshm.cli.Main", "doctor").inheritIO().start();
    Report.require(doctor.waitFor() == 0, "something is missing in this guest");
  }

  private Channel connect(int port, int ringSize, ChannelHandler handler) throws Exception {
    Channel channel =
        connecting(new XenShmAddress(Ports.SERVER_GUEST, port), ringSize, handler).sync().channel();
    XenShmPath path = ((XenShmSocketChannel) channel).path();
    Report.require(path == XenShmPath.SHARED_MEMORY, "the path is " + path);
    return channel;
  }

  private ChannelFuture connecting(XenShmAddress server, int ringSize, ChannelHandler handler) {
    return new Bootstrap()
        .group(group)
        .channel(XenShmSocketChannel.class)
        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 60_000)
        .option(XenShmChannelOption.XENSHM_RING_SIZE, ringSize)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel created) {
                created.pipeline().addLast(handler);
              }
            })
        .connect(server);
  }

  private void echo() throws Exception {
    Received received = new Received();
    echo(connect(Ports.ECHO, SMALL_RING, received), received);
  }

  private static void echo(Channel channel, Received received) throws Exception {
    Random random = new Random(1);
    byte[] message = new byte[MESSAGE];
    for (int i = 0; i < 100; i++) {
      random.nextBytes(message);
      channel.writeAndFlush(Unpooled.copiedBuffer(message)).sync();
      Report.require(Arrays.equals(message, received.take(MESSAGE)), "message " + i + " differs");
    }
    channel.close().sync();
  }

  private void transfer() throws Exception {
    Received received = new Received();
    Channel channel = connect(Ports.DIGEST, 256 * 1024, received);
    long start = System.nanoTime();
    Random random = new Random(2);
    MessageDigest digest = DigestHandler.sha256();
    byte[] chunk = new byte[CHUNK];
    for (int sent = 0; sent < TRANSFER_BYTES; sent += CHUNK) {
      random.nextBytes(chunk);
      digest.update(chunk);
      channel.writeAndFlush(Unpooled.copiedBuffer(chunk)).sync();
    }
    ((SocketChannel) channel).shutdownOutput().sync();
    Report.require(
        Arrays.equals(digest.digest(), received.take(digest.getDigestLength())), "digests differ");
    double seconds = (System.nanoTime() - start) / 1e9;
    report.note("transfer: %.1f MB/s, with two SHA-256".formatted(TRANSFER_BYTES / 1e6 / seconds));
    channel.close().sync();
  }

  private void halfClose() throws Exception {
    Received received = new Received();
    Channel channel = connect(Ports.COUNT, SMALL_RING, received);
    channel.writeAndFlush(Unpooled.copiedBuffer(new byte[MESSAGE])).sync();
    ((SocketChannel) channel).shutdownOutput().sync();
    byte[] count = received.take(Long.BYTES);
    Report.require(Unpooled.wrappedBuffer(count).readLong() == MESSAGE, Arrays.toString(count));
    received.awaitEnd();
    channel.close().sync();
  }

  private void many(int connections) throws Exception {
    List<Channel> channels = new ArrayList<>();
    List<Received> received = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      received.add(new Received());
      channels.add(connect(Ports.ECHO, SMALL_RING, received.get(i)));
    }
    for (int i = 0; i < connections; i++) {
      channels.get(i).writeAndFlush(Unpooled.copiedBuffer(pattern(i))).sync();
    }
    for (int i = 0; i < connections; i++) {
      Report.require(
          Arrays.equals(pattern(i), received.get(i).take(MESSAGE)), "connection " + i + " differs");
    }
    for (Channel channel : channels) {
      channel.close().sync();
    }
  }

  private void inTurn(int connections) throws Exception {
    for (int i = 0; i < connections; i++) {
      long start = System.nanoTime();
      Received received = new Received();
      Channel channel = connect(Ports.ECHO, SMALL_RING, received);
      double connected = seconds(start);
      channel.writeAndFlush(Unpooled.copiedBuffer(pattern(i))).sync();
      Report.require(
          Arrays.equals(pattern(i), received.take(MESSAGE)), "connection " + i + " differs");
      double echoed = seconds(start);
      channel.close().sync();
      if (seconds(start) > SLOW_SECONDS) {
        report.note(
            "connection %d was slow: connected after %.1f s, echoed after %.1f s, closed after %.1f s"
                .formatted(i, connected, echoed, seconds(start)));
      }
      if (i % 100 == 99) {
        report.note((i + 1) + " connections");
      }
    }
  }

  private void serverKilled() throws Exception {
    Received received = new Received();
    Channel channel = connect(Ports.SINK, SMALL_RING, received);
    Flood flood = new Flood(channel, CHUNK);
    flood.start();
    flood.awaitBytes(1 << 20);
    long start = System.nanoTime();
    control.say("kill");
    requireLossInTime(channel, start);
    control.awaitEnd();
    control.close();
    control = Control.connect();
    report.note("the server is back after %.1f s".formatted(seconds(start)));
    echo();
  }

  private void serverGuestDestroyed() throws Exception {
    Received received = new Received();
    Channel channel = connect(Ports.SINK, SMALL_RING, received);
    Flood flood = new Flood(channel, CHUNK);
    flood.start();
    flood.awaitBytes(1 << 20);
    DestructionNode node = new DestructionNode(xen);
    report.note("@dom0 destroy " + Ports.SERVER_GUEST);
    // The loss may be reported before dom0's command returns, or after it.
    long destroyed = node.await();
    node.cancel();
    requireLossInTime(channel, destroyed);
    requireOffersToServerGone();
  }

  /** The server's guest is saved and restored in mid-transfer, as a new domain. */
  private void serverGuestRestored() throws Exception {
    Channel channel = connect(Ports.SINK, SMALL_RING, new Received());
    Flood flood = new Flood(channel, CHUNK);
    flood.start();
    flood.awaitBytes(1 << 20);
    report.note(
        "@dom0 run xl save g%d /machine/saved && xl restore /machine/saved && xl list"
            .formatted(Ports.SERVER_GUEST));
    Report.require(
        channel.closeFuture().await(RESTORE_SECONDS, TimeUnit.SECONDS),
        "the loss was not reported");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RESTORE_SECONDS);
    XenShmAddress restored = new XenShmAddress(FIRST_RESTORED_DOMAIN, Ports.ECHO);
    Received received = new Received();
    ChannelFuture connect = connecting(restored, SMALL_RING, received).await();
    while (!connect.isSuccess() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
      received = new Received();
      connect = connecting(restored, SMALL_RING, received).await();
    }
    echo(connect.sync().channel(), received);
  }

  /** The directory of offers to a domain that is gone goes too, once Xen has forgotten it. */
  private void requireOffersToServerGone() throws Exception {
    String directory = "data/xenshm/to";
    String server = Integer.toString(Ports.SERVER_GUEST);
    long start = System.nanoTime();
    long deadline = start + TimeUnit.SECONDS.toNanos(60);
    boolean there = true;
    while (there && System.nanoTime() < deadline) {
      there = xen.xenStore().list(directory).get(60, TimeUnit.SECONDS).contains(server);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
    Report.require(!there, directory + '/' + server + " is there still");
    report.note("%s/%s went after %.1f s".formatted(directory, server, seconds(start)));
  }

  private void requireLossInTime(Channel channel, long since) throws InterruptedException {
    Report.require(
        channel.closeFuture().await(120, TimeUnit.SECONDS), "the loss was not reported in 120 s");
    double seconds = seconds(since);
    report.note("the loss was reported after %.1f s".formatted(seconds));
    Report.require(seconds <= LOSS_SECONDS, "it took " + seconds + " s");
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static byte[] pattern(int seed) {
    byte[] bytes = new byte[MESSAGE];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
