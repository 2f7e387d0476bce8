package io.xenshm.bench.worker;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Aeron's publications and subscriptions over shared memory. The server's process has the media
 * driver, on a thread of its own.
 */
final class AeronPipe implements RawPipe {
  private static final String CHANNEL = "aeron:ipc?term-length=16m";
  private static final int TO_SERVER = 1;
  private static final int TO_CLIENT = 2;
  private static final int MAX_MESSAGE = 128 * 1024;
  private static final int FRAGMENTS = 64;

  private final MediaDriver driver;
  private final Aeron aeron;
  private final ExclusivePublication outgoing;
  private final Subscription incoming;
  private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(MAX_MESSAGE));
  private final ByteBuffer taken = ByteBuffer.allocateDirect(MAX_MESSAGE);
  private final FragmentHandler taker = this::take;
  private int received;

  AeronPipe(Path directory, boolean server) {
    driver = server ? launchDriver(directory) : null;
    aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(directory.toString()));
    outgoing = aeron.addExclusivePublication(CHANNEL, server ? TO_CLIENT : TO_SERVER);
    incoming = aeron.addSubscription(CHANNEL, server ? TO_SERVER : TO_CLIENT);
  }

  private static MediaDriver launchDriver(Path directory) {
    return MediaDriver.launch(
        new MediaDriver.Context()
            .aeronDirectoryName(directory.toString())
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true));
  }

  @Override
  public int send(int length) {
    return outgoing.offer(message, 0, length) > 0 ? length : 0;
  }

  @Override
  public int receive() {
    received = 0;
    incoming.poll(taker, FRAGMENTS);
    return received;
  }

  private void take(DirectBuffer buffer, int offset, int length, Header header) {
    buffer.getBytes(offset, taken, 0, length);
    received += length;
  }

  @Override
  public void close() {
    CloseHelper.closeAll(aeron, driver);
  }
}
