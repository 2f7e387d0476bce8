package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The kernel takes mapped memory away where a guest was suspended and resumed; the next access
 * faults. On a simulated host the file that is the memory is cut off.
 */
@Timeout(60)
class MemoryFaultTest {
  private final BlockingQueue<Received> accepted = new LinkedBlockingQueue<>();
  private TwoDomains domains;
  private Channel listener;
  private Received client;
  private Channel channel;
  private Received server;

  @BeforeEach
  void connect() throws Exception {
    domains = new TwoDomains();
    listener = domains.bind(new EchoToAll(accepted));
    client = new Received();
    channel = domains.connect(client, listener);
    server = accepted.poll(20, TimeUnit.SECONDS);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])).sync();
    client.awaitBytes(100);
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  @Test
  void aConnectionWhoseMemoryIsGoneEndsAndItsLoopGoesOn() throws Exception {
    cutOff();
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100]));
    get(server.active).channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[100]));

    assertGone(client);
    assertGone(server);
    for (int i = 0; i < 4; i++) { // on each loop of both sides
      Received received = new Received();
      Channel next = domains.connect(received, listener);
      done(next.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])));
      received.awaitBytes(100);
    }
  }

  @Test
  void compiledCodeTellsOfItInTheSameWay() throws Exception {
    for (int i = 0; i < 400; i++) {
      channel
          .eventLoop()
          .submit(
              () -> {
                for (int j = 0; j < 100; j++) {
                  channel.writeAndFlush(
                      Unpooled.wrappedBuffer(new byte[10]), channel.voidPromise());
                }
              })
          .sync();
    }
    client.awaitBytes(100 + 400 * 100 * 10);
    cutOff();
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100]));
    get(server.active).channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[100]));

    assertGone(client);
    assertGone(server);
  }

  @Test
  void aConnectionThatOnlyReadsEndsToo() throws Exception {
    cutOff();
    channel.read();
    get(server.active).channel().read();

    assertGone(client);
    assertGone(server);
  }

  private static void assertGone(Received received) throws Exception {
    get(received.inactive);
    if (received.exception.isDone()) {
      Throwable cause = assertInstanceOf(IOException.class, get(received.exception));
      assertTrue(cause.getMessage().contains("suspended"), cause.getMessage());
    }
  }

  private void cutOff() throws IOException {
    try (Stream<Path> pages = Files.list(domains.host.directory().resolve("pages"))) {
      for (Path file : pages.toList()) {
        try (FileChannel memory = FileChannel.open(file, StandardOpenOption.WRITE)) {
          memory.truncate(0);
        }
      }
    }
  }
}
