package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which path a connect to an IP address takes, and why. */
class PathChoiceTest {
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void aGuestOfTheSameHostIsReachedThroughSharedMemory() throws Exception {
    Received server = new Received();
    Channel listener = domains.bindAddress(server);
    Received received = new Received();
    Channel client = domains.connect(received, listener);
    client.writeAndFlush(Unpooled.wrappedBuffer(random(5000))).sync();
    assertArrayEquals(random(5000), server.awaitBytes(5000));
    assertSame(XenShmPath.SHARED_MEMORY, ((XenShmSocketChannel) client).path());
    Channel child = get(server.active).channel();
    assertEquals(client.localAddress(), child.remoteAddress());
    assertEquals(CLIENT_ADDRESS, ((XenShmSocketChannel) child).remoteAddress().getAddress());
    assertEquals(listener.localAddress(), child.localAddress());
  }

  @Test
  void tcpWhenOff() throws Exception {
    Received server = new Received();
    Channel listener = domains.bindAddress(server);
    Received received = new Received();
    Channel client =
        done(
            domains
                .client(received)
                .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF)
                .connect(listener.localAddress()));
    client.writeAndFlush(Unpooled.wrappedBuffer(random(500000))).sync();
    assertArrayEquals(random(500000), server.awaitBytes(500000));
    assertSame(XenShmPath.TCP, ((XenShmSocketChannel) client).path());
    assertEquals(SERVER_ADDRESS, ((XenShmSocketChannel) client).remoteAddress().getAddress());
  }
}
