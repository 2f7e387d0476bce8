package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.IllegalReferenceCountException;
import java.io.ByteArrayOutputStream;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A message that is flushed at once skips the channel's queue, and nobody can tell. */
@Timeout(60)
class DirectWriteTest {
  private static final int RING = XenShmSocketChannelConfig.DEFAULT_RING_SIZE;
  private static final int QUEUE_OVERHEAD = 96;

  private final Received server = new Received();
  private TwoDomains domains;
  private Channel channel;
  private Channel.Unsafe unsafe;

  @BeforeEach
  void connect() throws Exception {
    domains = new TwoDomains();
    channel = domains.connect(new Received(), domains.bind(server));
    unsafe = channel.unsafe();
    get(server.active);
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private <T> T onLoop(Callable<T> action) throws Exception {
    return channel.eventLoop().submit(action).get(20, TimeUnit.SECONDS);
  }

  private void assertReceived(byte[] expected) throws Exception {
    done(channel.close());
    get(server.inactive);
    assertArrayEquals(expected, server.awaitBytes(expected.length));
  }

  private static ByteBuf bytes(int... values) {
    ByteBuf buffer = Unpooled.buffer();
    for (int value : values) {
      buffer.writeByte(value);
    }
    return buffer;
  }

  @Test
  void aMessageThatIsNotFlushedIsInTheQueueForWhoeverLooks() throws Exception {
    ChannelFuture write =
        onLoop(
            () -> {
              ChannelFuture future = channel.write(bytes(1, 2, 3));
              assertEquals(3 + QUEUE_OVERHEAD, unsafe.outboundBuffer().totalPendingWriteBytes());
              assertFalse(future.isDone());
              return future;
            });

    channel.flush();

    done(write);
    assertReceived(new byte[] {1, 2, 3});
  }

  @Test
  void aMessageThatIsNeverFlushedFailsWithTheClose() throws Exception {
    ByteBuf message = bytes(1);
    ChannelFuture write = onLoop(() -> channel.write(message));

    done(channel.close());

    assertInstanceOf(ClosedChannelException.class, write.awaitUninterruptibly().cause());
    assertEquals(0, message.refCnt());
    assertReceived(new byte[0]);
  }

  @Test
  void aMessageThatIsNeverFlushedFailsWhereThePeerEndsTheConnection() throws Exception {
    ByteBuf message = bytes(1);
    ChannelFuture write = onLoop(() -> channel.write(message));

    done(get(server.active).close());

    assertInstanceOf(ClosedChannelException.class, write.awaitUninterruptibly().cause());
    assertEquals(0, message.refCnt());
  }

  @Test
  void aMessageThatIsNeverFlushedFailsWithTheShutdownOfTheOutput() throws Exception {
    ByteBuf message = bytes(1);
    ChannelFuture write = onLoop(() -> channel.write(message));

    done(((SocketChannel) channel).shutdownOutput());

    assertFalse(write.awaitUninterruptibly().isSuccess());
    assertEquals(0, message.refCnt());
  }

  @Test
  void aMessageThatIsNeverFlushedFailsWithTheLoop() throws Exception {
    ByteBuf message = bytes(1);
    ChannelFuture write = onLoop(() -> channel.write(message));

    domains.shutDownLoops();

    assertInstanceOf(ClosedChannelException.class, write.cause());
    assertEquals(0, message.refCnt());
  }

  @Test
  void aCancelledMessageIsNotSent() throws Exception {
    ByteBuf message = bytes(1);
    onLoop(
        () -> {
          ChannelPromise promise = channel.newPromise();
          channel.write(message, promise);
          assertTrue(promise.cancel(false));
          channel.flush();
          return null;
        });
    done(channel.writeAndFlush(bytes(2)));

    assertEquals(0, message.refCnt());
    assertReceived(new byte[] {2});
  }

  @Test
  void aMessageThatSomebodyReleasedFailsAlone() throws Exception {
    ByteBuf message = bytes(1);
    done(channel.writeAndFlush(bytes(3)));
    ChannelFuture write =
        onLoop(
            () -> {
              ChannelFuture future = channel.write(message);
              message.release();
              channel.flush();
              return future;
            });

    assertInstanceOf(IllegalReferenceCountException.class, write.awaitUninterruptibly().cause());
    done(channel.writeAndFlush(bytes(4)));
    assertReceived(new byte[] {3, 4});
  }

  @Test
  void theOrderIsThatOfTheWritesWhateverIsFlushed() throws Exception {
    Random random = new Random(2611);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    List<ChannelFuture> writes = new ArrayList<>();
    for (int turn = 0; turn < 40; turn++) {
      onLoop(
          () -> {
            for (int i = random.nextInt(20); i >= 0; i--) {
              byte[] message = new byte[random.nextInt(8) == 0 ? 20_000 : random.nextInt(300)];
              random.nextBytes(message);
              expected.writeBytes(message);
              writes.add(channel.write(Unpooled.wrappedBuffer(message)));
              if (random.nextBoolean()) {
                channel.flush();
              }
            }
            return null;
          });
    }
    channel.flush();

    for (ChannelFuture write : writes) {
      done(write);
    }
    assertReceived(expected.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000, 16 * 1024})
  void whatDoesNotFitWaitsForAPeerThatReads(int size) throws Exception {
    Channel peer = get(server.active).channel();
    peer.config().setAutoRead(false);
    List<ChannelFuture> writes = new ArrayList<>();
    done(channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[RING - 2 * size])));
    do { // the peer may have been in the middle of a read
      writes.add(channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[size])));
      onLoop(() -> null);
    } while (writes.getLast().isSuccess());
    assertFalse(writes.getLast().isDone());

    peer.config().setAutoRead(true);

    done(writes.getLast());
    assertReceived(new byte[RING + (writes.size() - 2) * size]);
  }

  @Test
  void aListenerThatWritesTheNextMessageDoesNotOverflowTheStack() throws Exception {
    int count = 20_000;
    CompletableFuture<Void> all = new CompletableFuture<>();
    onLoop(
        () -> {
          writeChain(count, all);
          return null;
        });

    get(all);
    assertReceived(new byte[count]);
  }

  private void writeChain(int left, CompletableFuture<Void> all) {
    channel
        .writeAndFlush(bytes(0))
        .addListener(
            future -> {
              if (!future.isSuccess()) {
                all.completeExceptionally(future.cause());
              } else if (left == 1) {
                all.complete(null);
              } else {
                writeChain(left - 1, all);
              }
            });
  }

  @Test
  void aMessageAboveTheWaterMarkMakesTheChannelUnwritable() throws Exception {
    channel
        .config()
        .setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(50, 100));
    onLoop(
        () -> {
          channel.write(bytes(1, 2, 3, 4, 5));
          assertFalse(channel.isWritable());
          channel.flush();
          assertTrue(channel.isWritable());
          return null;
        });
    assertReceived(new byte[] {1, 2, 3, 4, 5});
  }

  @Test
  void aVoidPromiseAndOneThatTellsProgressWorkToo() throws Exception {
    CompletableFuture<Long> progress = new CompletableFuture<>();
    onLoop(
        () -> {
          channel.writeAndFlush(bytes(1), channel.voidPromise());
          channel.writeAndFlush(
              bytes(2, 3),
              channel
                  .newProgressivePromise()
                  .addListener(
                      new ChannelProgressiveFutureListener() {
                        @Override
                        public void operationProgressed(
                            ChannelProgressiveFuture future, long done, long total) {
                          progress.complete(done);
                        }

                        @Override
                        public void operationComplete(ChannelProgressiveFuture future) {
                          assertNull(future.cause());
                        }
                      }));
          return null;
        });
    assertEquals(2, get(progress));
    assertReceived(new byte[] {1, 2, 3});
  }
}
