package io.xenshm.xenstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a daemon that is silent, late, wrong or gone. */
@Timeout(60)
final class XenStoreClientFaultTest {
  private static final byte[] OK = "OK\0".getBytes(StandardCharsets.US_ASCII);

  private static final Duration PATIENT = Duration.ofSeconds(60);
  private static final Duration IMPATIENT = Duration.ofMillis(200);

  @TempDir private Path directory;
  private Path path;
  private ServerSocketChannel server;
  private XenStoreClient client;
  private Peer peer;

  @BeforeEach
  void start() throws Exception {
    path = directory.resolve("0.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    connect(PATIENT);
  }

  private void connect(Duration timeout) throws Exception {
    connect(XenStoreEndpoint.unixSocket(path), timeout);
  }

  private void connect(XenStoreEndpoint endpoint, Duration timeout) throws Exception {
    client = XenStoreClient.connect(endpoint, timeout);
    peer = new Peer(server.accept());
  }

  private void connectImpatient() throws Exception {
    client.close();
    peer.close();
    connect(IMPATIENT);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    peer.close();
    server.close();
  }

  @Test
  void aSilentDaemonEndsInATimeout() throws Exception {
    connectImpatient();
    XenStoreException e = assertFails(Code.TIMEOUT, client.read("data"));
    assertTrue(e.getMessage().contains("0.sock within 200 ms"), e.getMessage());
    assertTrue(client.isConnected());
  }

  @Test
  void noMoreThanTwentyRequestsAreOnTheWire() throws Exception {
    List<CompletableFuture<byte[]>> reads = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      reads.add(client.read("data/" + i));
    }
    List<XenStoreFrame> requests = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      requests.add(peer.next());
    }
    assertFalse(peer.hasMore());
    peer.send(new XenStoreFrame(XenStoreProtocol.READ, requests.get(7).requestId(), 0, OK));
    assertEquals("data/20", Payloads.firstString(peer.next().payload()));
    assertFalse(peer.hasMore());
    assertEquals(1, reads.stream().filter(CompletableFuture::isDone).count());
  }

  @Test
  void aRequestWithoutAnAnswerKeepsItsPlaceOnTheWire() throws Exception {
    connectImpatient();
    List<CompletableFuture<byte[]>> reads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      reads.add(client.read("data/" + i));
      assertEquals("data/" + i, Payloads.firstString(peer.next().payload()));
    }
    for (CompletableFuture<byte[]> read : reads) {
      assertFails(Code.TIMEOUT, read);
    }
    assertFails(Code.TIMEOUT, client.read("data/never-sent"));
    assertFalse(peer.hasMore());
  }

  @Test
  void anEndpointThatTakesOneRequestAtATimeGetsTheNextAfterTheAnswer() throws Exception {
    client.close();
    peer.close();
    connect(new OneAtATime(XenStoreEndpoint.unixSocket(path)), PATIENT);
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    CompletableFuture<?> watch = client.watch("data", seen::add);
    XenStoreFrame watching = peer.next();
    CompletableFuture<byte[]> read = client.read("data/1");
    // Between two events the client's thread looks at what is to be written.
    for (int i = 0; i < 2; i++) {
      peer.send(event("data", Payloads.strings(watching.payload()).get(1)));
      assertEquals("data", seen.poll(30, TimeUnit.SECONDS));
    }
    assertFalse(peer.hasMore());
    peer.send(new XenStoreFrame(XenStoreProtocol.WATCH, watching.requestId(), 0, OK));
    assertNotNull(get(watch));
    peer.send(new XenStoreFrame(XenStoreProtocol.READ, peer.next().requestId(), 0, OK));
    assertEquals(3, get(read).length);
  }

  @Test
  void repliesMayComeInAnyOrderAndInPieces() throws Exception {
    CompletableFuture<byte[]> first = client.read("data/1");
    CompletableFuture<byte[]> second = client.read("data/2");
    int firstId = peer.next().requestId();
    int secondId = peer.next().requestId();
    ByteBuffer bytes = ByteBuffer.allocate(64);
    new XenStoreFrame(XenStoreProtocol.READ, secondId, 0, new byte[2]).encode(bytes);
    new XenStoreFrame(XenStoreProtocol.READ, 0x7fffffff, 0, new byte[9]).encode(bytes);
    new XenStoreFrame(XenStoreProtocol.READ, firstId, 0, new byte[1]).encode(bytes);
    bytes.flip();
    while (bytes.hasRemaining()) {
      peer.write(bytes.get());
    }
    assertEquals(1, get(first).length);
    assertEquals(2, get(second).length);
  }

  @Test
  void aWatchThatIsAcceptedTooLateIsEnded() throws Exception {
    connectImpatient();
    CompletableFuture<?> watch = client.watch("data", path -> {});
    XenStoreFrame request = peer.next();
    assertFails(Code.TIMEOUT, watch);
    peer.send(new XenStoreFrame(XenStoreProtocol.WATCH, request.requestId(), 0, OK));
    XenStoreFrame undone = peer.next();
    assertEquals(XenStoreProtocol.UNWATCH, undone.type());
    assertEquals(Payloads.strings(request.payload()), Payloads.strings(undone.payload()));
  }

  @Test
  void aTransactionThatStartsTooLateIsEnded() throws Exception {
    connectImpatient();
    CompletableFuture<?> transaction = client.transaction(tx -> tx.makeDirectory("data/x"));
    XenStoreFrame start = peer.next();
    assertFails(Code.TIMEOUT, transaction);
    byte[] id = "17\0".getBytes(StandardCharsets.US_ASCII);
    peer.send(new XenStoreFrame(XenStoreProtocol.TRANSACTION_START, start.requestId(), 0, id));
    XenStoreFrame end = peer.next();
    assertEquals(XenStoreProtocol.TRANSACTION_END, end.type());
    assertEquals(17, end.transactionId());
    assertEquals("F", Payloads.firstString(end.payload()));
  }

  @Test
  void eventsWithUnknownTokensAreIgnoredAndMayComeBeforeTheReply() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    CompletableFuture<?> watch = client.watch("data", seen::add);
    XenStoreFrame request = peer.next();
    String token = Payloads.strings(request.payload()).get(1);
    peer.send(event("elsewhere", "no token of ours"));
    peer.send(event("data", token));
    assertEquals("data", seen.poll(30, TimeUnit.SECONDS));
    peer.send(new XenStoreFrame(XenStoreProtocol.WATCH, request.requestId(), 0, OK));
    assertNotNull(get(watch));
    assertTrue(seen.isEmpty());
  }

  @Test
  void aMalformedFrameEndsTheConnectionWithTheReason() throws Exception {
    CompletableFuture<byte[]> read = client.read("data");
    XenStoreFrame request = peer.next();
    ByteBuffer header = ByteBuffer.allocate(16).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    header
        .putInt(XenStoreProtocol.READ)
        .putInt(request.requestId())
        .putInt(0)
        .putInt((1 << 22) + 1)
        .flip();
    peer.write(header);
    XenStoreException e = assertFails(Code.DISCONNECTED, read);
    assertTrue(e.getMessage().contains("payload of 4194305 bytes"), e.getMessage());
    peer.close();
    peer = new Peer(server.accept());
    assertAnswered();
  }

  @Test
  void aReplyOfAnotherTypeEndsTheConnection() throws Exception {
    CompletableFuture<byte[]> read = client.read("data");
    int id = peer.next().requestId();
    peer.send(new XenStoreFrame(XenStoreProtocol.WRITE, id, 0, OK));
    XenStoreException e = assertFails(Code.DISCONNECTED, read);
    assertTrue(e.getMessage().contains("WRITE to READ"), e.getMessage());
  }

  @Test
  void aLostConnectionFailsWhatWaitsAndComesBack() throws Exception {
    CompletableFuture<byte[]> read = client.read("data");
    assertEquals(XenStoreProtocol.READ, peer.next().type());
    peer.close();
    assertFails(Code.DISCONNECTED, read);
    peer = new Peer(server.accept());
    assertAnswered();
  }

  @Test
  void anErrorOfAWatchsListenerCostsNothingElse() throws Exception {
    CompletableFuture<?> watch =
        client.watch(
            "data",
            changed -> {
              throw new AssertionError("of a listener");
            });
    XenStoreFrame request = peer.next();
    peer.send(new XenStoreFrame(XenStoreProtocol.WATCH, request.requestId(), 0, OK));
    assertNotNull(get(watch));
    CompletableFuture<byte[]> read = client.read("data");
    int id = peer.next().requestId();
    peer.send(event("data", Payloads.strings(request.payload()).get(1)));
    peer.send(new XenStoreFrame(XenStoreProtocol.READ, id, 0, OK));
    assertEquals(3, get(read).length);
  }

  @Test
  void anErrorOfATransactionsBodyEndsThatTransaction() throws Exception {
    CompletableFuture<?> failing =
        client.transaction(
            tx -> {
              throw new AssertionError("of a body");
            });
    endTransaction("F");
    assertInstanceOf(
        AssertionError.class,
        assertThrows(ExecutionException.class, () -> get(failing)).getCause());
    CompletableFuture<?> empty = client.transaction(tx -> null);
    endTransaction("F");
    assertInstanceOf(
        NullPointerException.class,
        assertThrows(ExecutionException.class, () -> get(empty)).getCause());
  }

  private void endTransaction(String how) throws IOException {
    byte[] id = "17\0".getBytes(StandardCharsets.US_ASCII);
    int start = peer.next().requestId();
    peer.send(new XenStoreFrame(XenStoreProtocol.TRANSACTION_START, start, 0, id));
    XenStoreFrame end = peer.next();
    assertEquals(how, Payloads.firstString(end.payload()));
    peer.send(new XenStoreFrame(XenStoreProtocol.TRANSACTION_END, end.requestId(), 17, OK));
  }

  /** As where memory runs out on the connection's thread. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorOfTheConnectionsThreadIsALostConnection(boolean reconnects) throws Exception {
    client.close();
    peer.close();
    Breaking breaking = new Breaking(XenStoreEndpoint.unixSocket(path), reconnects);
    connect(breaking, PATIENT);
    CompletableFuture<byte[]> waiting = client.read("data/1");
    assertEquals(XenStoreProtocol.READ, peer.next().type());

    breaking.errors.set(2);
    CompletableFuture<byte[]> next = client.read("data/2");

    assertFails(Code.DISCONNECTED, waiting);
    assertFails(Code.DISCONNECTED, next);
    peer.close();
    peer = new Peer(server.accept());
    assertAnswered();
    assertEquals(2, client.connection());
  }

  @Test
  void unknownErrorsAndUnreadableRepliesFail() throws Exception {
    CompletableFuture<?> permissions = client.permissions("data");
    int id = peer.next().requestId();
    byte[] nonsense = "x\0".getBytes(StandardCharsets.US_ASCII);
    peer.send(new XenStoreFrame(XenStoreProtocol.GET_PERMS, id, 0, nonsense));
    assertFails(Code.EIO, permissions);
    CompletableFuture<byte[]> read = client.read("data");
    peer.send(new XenStoreFrame(XenStoreProtocol.ERROR, peer.next().requestId(), 0, nonsense));
    XenStoreException e = assertFails(Code.EIO, read);
    assertEquals("XenStore READ data: x", e.getMessage());
  }

  /** The client knows of its new connection a moment after the server does. */
  private void assertAnswered() throws Exception {
    CompletableFuture<byte[]> read = client.read("data");
    while (read.isCompletedExceptionally()) {
      assertFails(Code.DISCONNECTED, read);
      read = client.read("data");
    }
    peer.send(new XenStoreFrame(XenStoreProtocol.READ, peer.next().requestId(), 0, OK));
    assertEquals(3, get(read).length);
  }

  private static XenStoreFrame event(String path, String token) {
    return new XenStoreFrame(XenStoreProtocol.WATCH_EVENT, 0, 0, Payloads.of(path, token));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  private static XenStoreException assertFails(Code code, CompletableFuture<?> future) {
    ExecutionException e = assertThrows(ExecutionException.class, () -> get(future));
    XenStoreException failure = (XenStoreException) e.getCause();
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }

  /** An endpoint as the kernel's device is one. */
  private record OneAtATime(XenStoreEndpoint socket) implements XenStoreEndpoint {
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
      return socket.maxReplyPayload();
    }

    @Override
    public boolean reconnect() {
      return socket.reconnect();
    }

    @Override
    public int maxOutstanding() {
      return 1;
    }

    @Override
    public String name() {
      return socket.name();
    }
  }

  /** An endpoint that lets its user's thread meet errors. */
  private static final class Breaking implements XenStoreEndpoint {
    private final XenStoreEndpoint socket;
    private final boolean reconnects;
    final AtomicInteger errors = new AtomicInteger();

    Breaking(XenStoreEndpoint socket, boolean reconnects) {
      this.socket = socket;
      this.reconnects = reconnects;
    }

    private void fail() {
      if (errors.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new OutOfMemoryError("not a real one");
      }
    }

    @Override
    public int open() throws IOException {
      fail();
      return socket.open();
    }

    @Override
    public int maxFrame() {
      return socket.maxFrame();
    }

    @Override
    public int maxReplyPayload() {
      return socket.maxReplyPayload();
    }

    @Override
    public boolean reconnect() {
      return reconnects;
    }

    @Override
    public int maxOutstanding() {
      fail();
      return socket.maxOutstanding();
    }

    @Override
    public String name() {
      return socket.name();
    }
  }

  /** The daemon's end of the connection. */
  private static final class Peer {
    private final SocketChannel channel;
    private final ByteBuffer received = ByteBuffer.allocate(65536).limit(0);

    Peer(SocketChannel channel) {
      this.channel = channel;
    }

    XenStoreFrame next() throws IOException {
      while (true) {
        XenStoreFrame frame = XenStoreFrame.decode(received);
        if (frame != null) {
          return frame;
        }
        received.compact();
        int count = channel.read(received);
        received.flip();
        if (count < 0) {
          throw new IOException("the client closed the connection");
        }
      }
    }

    boolean hasMore() throws IOException {
      channel.configureBlocking(false);
      received.compact();
      channel.read(received);
      received.flip();
      channel.configureBlocking(true);
      return received.hasRemaining();
    }

    void send(XenStoreFrame frame) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(frame.size());
      frame.encode(bytes);
      write(bytes.flip());
    }

    void write(byte value) throws IOException {
      write(ByteBuffer.wrap(new byte[] {value}));
    }

    void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    void close() throws IOException {
      channel.close();
    }
  }
}
