package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FileRegion;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Regions that are no files, some of them strange. Netty's epoll channel says what is right. */
@Timeout(60)
class FileRegionTest {
  /** What carries the bytes; the first is Netty's own channel. */
  enum Transport {
    EPOLL,
    TCP,
    SHARED_MEMORY
  }

  private static final int BLOCK = 1 << 20;

  private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
  private final Received server = new Received();
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private Channel connect(Transport transport) throws InterruptedException {
    boolean own = transport != Transport.EPOLL;
    ServerBootstrap serverBootstrap =
        new ServerBootstrap()
            .group(domains.serverBoss, domains.serverWorkers)
            .channel(own ? XenShmServerSocketChannel.class : EpollServerSocketChannel.class);
    Bootstrap clientBootstrap =
        new Bootstrap()
            .group(domains.clientLoops)
            .channel(own ? XenShmSocketChannel.class : EpollSocketChannel.class)
            .handler(new Received());
    if (own) {
      clientBootstrap.option(
          XenShmChannelOption.XENSHM_MODE,
          transport == Transport.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED);
    }
    serverBootstrap.childHandler(
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel child) {
            child.pipeline().addLast(server);
            accepted.add(child);
          }
        });
    Channel listener =
        done(serverBootstrap.bind(new InetSocketAddress(TwoDomains.SERVER_ADDRESS, 0)));
    Channel client = done(clientBootstrap.connect(listener.localAddress()));
    assertNotNull(accepted.peek() == null ? accepted.poll(20, TimeUnit.SECONDS) : accepted.peek());
    return client;
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  /** A region of bytes; says how it behaves by overriding. */
  static class Region extends AbstractReferenceCounted implements FileRegion {
    final ByteBuffer bytes;
    final AtomicInteger calls = new AtomicInteger();
    private final int size;

    Region(byte[] content) {
      bytes = ByteBuffer.allocateDirect(content.length).put(content).flip();
      size = content.length;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
      calls.incrementAndGet();
      return target.write(bytes);
    }

    @Override
    public long position() {
      return 0;
    }

    @Override
    public long transferred() {
      return bytes.position();
    }

    @SuppressWarnings("deprecation") // Netty's signature
    @Override
    public long transfered() {
      return transferred();
    }

    @Override
    public long count() {
      return size;
    }

    @Override
    protected void deallocate() {}

    @Override
    public FileRegion retain() {
      super.retain();
      return this;
    }

    @Override
    public FileRegion retain(int increment) {
      super.retain(increment);
      return this;
    }

    @Override
    public FileRegion touch() {
      return this;
    }

    @Override
    public FileRegion touch(Object hint) {
      return this;
    }
  }

  private static Region looping(byte[] content) {
    return new Region(content) {
      @Override
      public long transferTo(WritableByteChannel target, long position) throws IOException {
        long count = 0;
        while (bytes.hasRemaining()) {
          count += target.write(bytes);
        }
        return count;
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatLoopsUntilItsBlockIsWrittenEnds(Transport transport) throws Exception {
    byte[] content = random(BLOCK);
    Channel client = connect(transport);

    done(client.writeAndFlush(looping(content)));
    done(client.writeAndFlush(looping(content)));

    byte[] got = server.awaitBytes(2 * BLOCK);
    assertArrayEquals(content, java.util.Arrays.copyOf(got, BLOCK));
    assertArrayEquals(content, java.util.Arrays.copyOfRange(got, BLOCK, 2 * BLOCK));
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatLoopsEndsWithAnExceptionWhereThePeerCloses(Transport transport) throws Exception {
    Channel client = connect(transport);
    client.config().setOption(ChannelOption.SO_SNDBUF, 16 * 1024);
    get(server.active).channel().config().setAutoRead(false);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    Region endless =
        new Region(random(64 << 20)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            long count = 0;
            while (bytes.hasRemaining()) {
              count += target.write(bytes);
              begun.complete(null);
            }
            return count;
          }
        };

    ChannelFuture write = client.writeAndFlush(endless);
    get(begun);
    get(server.active).channel().close();

    assertTrue(write.await(20, TimeUnit.SECONDS), "the region still loops");
    assertInstanceOf(IOException.class, write.cause());
    done(client.closeFuture());
  }

  @ParameterizedTest
  @EnumSource(names = "SHARED_MEMORY")
  void aRegionThatLoopsEndsWithAnExceptionWhereThePeersDomainIsDestroyed(Transport transport)
      throws Exception {
    Channel client = connect(transport);
    get(server.active).channel().config().setAutoRead(false);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    Region endless =
        new Region(random(64 << 20)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            begun.complete(null);
            while (bytes.hasRemaining()) {
              target.write(bytes);
            }
            return bytes.position();
          }
        };

    ChannelFuture write = client.writeAndFlush(endless);
    get(begun);
    domains.host.destroyDomain(TwoDomains.SERVER);

    assertTrue(write.await(20, TimeUnit.SECONDS), "the region still loops");
    assertInstanceOf(IOException.class, write.cause());
    done(client.closeFuture());
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatSaysItWroteNothingIsAskedAgain(Transport transport) throws Exception {
    assertArrives(
        transport,
        new Region(random(BLOCK)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            super.transferTo(target, position);
            return 0;
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatSaysItWroteLessThanNothingIsAskedAgain(Transport transport) throws Exception {
    assertArrives(
        transport,
        new Region(random(BLOCK)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            super.transferTo(target, position);
            return -1000;
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatSaysItWroteMoreThanItHasIsBelievedNothing(Transport transport) throws Exception {
    assertArrives(
        transport,
        new Region(random(BLOCK)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            super.transferTo(target, position);
            return Long.MAX_VALUE;
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void aRegionWhoseSizeGrowsIsWrittenToItsEnd(Transport transport) throws Exception {
    assertArrives(
        transport,
        new Region(random(BLOCK)) {
          @Override
          public long count() {
            return Math.min(super.count(), bytes.position() + 1L);
          }
        });
  }

  private void assertArrives(Transport transport, Region region) throws Exception {
    Channel client = connect(transport);

    done(client.writeAndFlush(region));
    done(client.writeAndFlush(Unpooled.wrappedBuffer(random(100))));

    byte[] expected = java.util.Arrays.copyOf(random(BLOCK), BLOCK + 100);
    System.arraycopy(random(100), 0, expected, BLOCK, 100);
    assertArrayEquals(expected, server.awaitBytes(expected.length));
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatWritesNothingAtAllLeavesTheLoopToOthers(Transport transport) throws Exception {
    Channel client = connect(transport);
    CompletableFuture<Void> askedOften = new CompletableFuture<>();
    Region idle =
        new Region(random(100)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) {
            if (calls.incrementAndGet() > 100) {
              askedOften.complete(null);
            }
            return 1;
          }
        };

    ChannelFuture write = client.writeAndFlush(idle);
    get(askedOften);
    client.eventLoop().submit(() -> {}).sync();

    assertFalse(write.isDone());
    done(client.close());
    assertTrue(write.await(20, TimeUnit.SECONDS), "the write has no end");
    assertFalse(write.isSuccess());
  }

  @ParameterizedTest
  @EnumSource
  void bytesBeforeAnExceptionArriveAndThenTheConnectionEnds(Transport transport) throws Exception {
    Channel client = connect(transport);
    Region failing =
        new Region(random(BLOCK)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            ByteBuffer part = bytes.slice(0, 1000);
            target.write(part);
            throw new IOException("the disk is broken");
          }
        };

    ChannelFuture write = client.writeAndFlush(failing);

    assertEquals(
        "the disk is broken",
        assertThrows(ExecutionException.class, () -> write.get(20, TimeUnit.SECONDS))
            .getCause()
            .getMessage());
    done(client.closeFuture());
    get(server.inactive);
    assertArrayEquals(java.util.Arrays.copyOf(random(BLOCK), 1000), server.awaitBytes(1000));
  }

  @ParameterizedTest
  @EnumSource
  void bytesBeforeAnErrorArriveAndThenTheOutputEnds(Transport transport) throws Exception {
    Channel client = connect(transport);
    Region failing =
        new Region(random(BLOCK)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            ByteBuffer part = bytes.slice(0, 1000);
            target.write(part);
            throw new StackOverflowError("of a region");
          }
        };

    ChannelFuture write = client.writeAndFlush(failing);

    assertTrue(write.await(20, TimeUnit.SECONDS), "the write has no end");
    assertInstanceOf(ChannelOutputShutdownException.class, write.cause());
    assertInstanceOf(StackOverflowError.class, write.cause().getCause());
    get(server.inactive);
    assertArrayEquals(java.util.Arrays.copyOf(random(BLOCK), 1000), server.awaitBytes(1000));
  }

  @ParameterizedTest
  @EnumSource
  void aRegionThatClosesItsTargetEndsTheConnectionBehindItsBytes(Transport transport)
      throws Exception {
    Channel client = connect(transport);
    Region closing =
        new Region(random(1000)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            try (target) {
              return super.transferTo(target, position);
            }
          }
        };

    client.writeAndFlush(closing);

    get(server.inactive);
    assertArrayEquals(random(1000), server.awaitBytes(1000));
    done(client.close());
  }

  @ParameterizedTest
  @EnumSource(names = "SHARED_MEMORY")
  void aTargetThatIsKeptTakesNothingLater(Transport transport) throws Exception {
    Channel client = connect(transport);
    CompletableFuture<WritableByteChannel> kept = new CompletableFuture<>();
    CompletableFuture<Throwable> fromElsewhere = new CompletableFuture<>();
    Region keeping =
        new Region(random(1000)) {
          @Override
          public long transferTo(WritableByteChannel target, long position) throws IOException {
            kept.complete(target);
            Thread other =
                new Thread(
                    () -> {
                      try {
                        target.write(ByteBuffer.allocate(10));
                        fromElsewhere.complete(null);
                      } catch (Throwable e) {
                        fromElsewhere.complete(e);
                      }
                    });
            other.start();
            fromElsewhere.join();
            return super.transferTo(target, position);
          }
        };

    done(client.writeAndFlush(keeping));

    assertInstanceOf(IOException.class, fromElsewhere.join());
    WritableByteChannel target = get(kept);
    assertFalse(target.isOpen());
    assertThrows(IOException.class, () -> target.write(ByteBuffer.allocate(10)));
    ExecutionException onLoop =
        assertThrows(
            ExecutionException.class,
            () -> client.eventLoop().submit(() -> target.write(ByteBuffer.allocate(10))).get());
    assertInstanceOf(IOException.class, onLoop.getCause());
    done(client.writeAndFlush(Unpooled.wrappedBuffer(random(100))));
    byte[] expected = java.util.Arrays.copyOf(random(1000), 1100);
    System.arraycopy(random(100), 0, expected, 1000, 100);
    assertArrayEquals(expected, server.awaitBytes(1100));
  }
}
