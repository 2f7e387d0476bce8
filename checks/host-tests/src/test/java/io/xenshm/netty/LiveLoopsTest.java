package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is printed of the channels when a test hangs. */
class LiveLoopsTest {
  private static final int PATIENCE_MILLIS = 20_000;

  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  @Test
  void theStateOfBothEndsAndTheListenerIsTold() throws Exception {
    Channel listener =
        done(
            domains
                .server(new Received())
                .childOption(ChannelOption.AUTO_READ, false)
                .bind(new InetSocketAddress(TwoDomains.SERVER_ADDRESS, 0)));
    Channel ring = domains.connect(new Received(), listener);
    Channel tcp =
        done(
            domains
                .client(new Received())
                .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF)
                .connect(listener.localAddress()));
    ring.writeAndFlush(Unpooled.wrappedBuffer(new byte[300_000]));

    String state = LiveLoops.describe(PATIENCE_MILLIS);

    assertContains(state, "L:" + listener.localAddress());
    assertContains(state, "listens for rings at " + listener.localAddress() + ", backlog 0");
    assertContains(state, ring + " open active, path CO_RESIDENT, pending ");
    assertContains(state, "rings with domain 1 (OPEN");
    assertContains(state, "waits for space");
    assertContains(state, "wants no data");
    assertContains(state, tcp + " open active, path MODE_OFF, pending 0 bytes");
  }

  @Test
  void aLoopThatIsBlockedAndOneThatHasEndedAreNoObstacle() throws Exception {
    Channel listener = domains.bindAddress(new Received());
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    listener.eventLoop().execute(blocked::join);

    String state = LiveLoops.describe(1);
    blocked.complete(null);
    assertContains(state, "does not answer");

    domains.clientLoops.shutdownGracefully(0, 20, TimeUnit.SECONDS).sync();
    assertFalse(LiveLoops.describe(PATIENCE_MILLIS).contains("cannot tell"));
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "no '" + part + "' in:\n" + text);
  }
}
