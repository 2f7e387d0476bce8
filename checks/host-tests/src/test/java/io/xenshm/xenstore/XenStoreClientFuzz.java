package io.xenshm.xenstore;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Our XenStore client and a daemon that answers what the input says, and then hangs up. Everything
 * that was asked ends, with an answer or with a {@link XenStoreException}, and so does the client.
 */
public final class XenStoreClientFuzz {
  private static final int PATIENCE_SECONDS = 20;
  private static final int MAX_ANSWERS = 64;
  private static final Daemon DAEMON = new Daemon();

  static {
    Fuzzing.quiet();
  }

  private XenStoreClientFuzz() {}

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
    FuzzInput input = new FuzzInput(bytes);
    try (XenStoreClient client =
        XenStoreClient.connect(DAEMON.endpoint(), Duration.ofSeconds(PATIENCE_SECONDS))) {
      List<CompletableFuture<?>> asked;
      try (SocketChannel connection = DAEMON.accept()) {
        asked = ask(client, input);
        answer(connection, input);
      }
      for (CompletableFuture<?> each : asked) {
        await(each);
      }
    }
  }

  private static List<CompletableFuture<?>> ask(XenStoreClient client, FuzzInput input) {
    List<CompletableFuture<?>> asked = new ArrayList<>();
    for (int i = 1 + input.below(4); i > 0; i--) {
      asked.add(
          switch (input.below(7)) {
            case 0 -> client.read("a");
            case 1 -> client.write("a", new byte[] {1});
            case 2 -> client.list("a");
            case 3 -> client.permissions("a");
            case 4 -> client.watch("a", path -> check(path != null, "a change has a path"));
            case 5 -> client.transaction(transaction -> transaction.read("a"));
            default -> client.domainPath(2);
          });
    }
    return asked;
  }

  /** Frames with the number of a request under way or another, and bytes that are no frame. */
  private static void answer(SocketChannel connection, FuzzInput input) throws IOException {
    for (int i = 0; i < MAX_ANSWERS && !input.isEmpty(); i++) {
      byte[] bytes;
      if (input.u8() < 16) {
        bytes = input.bytes();
      } else {
        int type = input.below(24);
        int request = input.below(8);
        int length = input.u8();
        byte[] payload = length < 250 ? input.bytes() : new byte[4096 + length - 252];
        bytes = frame(type, request, payload.length, payload);
      }
      try {
        connection.write(ByteBuffer.wrap(bytes));
      } catch (IOException e) {
        return; // the client hung up, as it should after what is no frame
      }
    }
  }

  private static byte[] frame(int type, int request, int length, byte[] payload) {
    return ByteBuffer.allocate(XenStoreProtocol.HEADER_SIZE + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(type)
        .putInt(request)
        .putInt(0)
        .putInt(length)
        .put(payload)
        .array();
  }

  private static void await(CompletableFuture<?> asked) throws InterruptedException {
    try {
      asked.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof XenStoreException)) {
        throw new AssertionError("a request fails as XenStore's", e.getCause());
      }
    } catch (TimeoutException e) {
      throw new AssertionError("a request hangs after the daemon hung up", e);
    }
  }

  /** A Unix socket that one client at a time connects to. */
  private static final class Daemon {
    private final Path path;
    private final ServerSocketChannel server;

    Daemon() {
      try {
        path = Files.createTempDirectory("xenshm-fuzz").resolve("xenstore.sock");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      path.getParent().toFile().deleteOnExit();
      path.toFile().deleteOnExit();
    }

    SocketChannel accept() throws IOException {
      return server.accept();
    }

    XenStoreEndpoint endpoint() {
      XenStoreEndpoint socket = XenStoreEndpoint.unixSocket(path);
      return new XenStoreEndpoint() {
        @Override
        public int open() throws IOException {
          return socket.open();
        }

        @Override
        public int maxFrame() {
          return socket.maxFrame();
        }

        @Override
        public int maxReplyPayload() {
          return XenStoreProtocol.MAX_PAYLOAD;
        }

        @Override
        public boolean reconnect() {
          return false;
        }

        @Override
        public String name() {
          return socket.name();
        }
      };
    }
  }
}
