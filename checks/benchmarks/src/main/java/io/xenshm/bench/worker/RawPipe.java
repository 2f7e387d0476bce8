package io.xenshm.bench.worker;

import io.xenshm.bench.Transport;
import java.io.IOException;
import java.nio.file.Path;

/** A transport without Netty: bytes go out, bytes come in, the caller spins. Used by one thread. */
interface RawPipe extends AutoCloseable {

  /** Sends at most {@code length} bytes of some message; returns how many, 0 where it is full. */
  int send(int length);

  /** Takes what is there, and copies it out; returns how many bytes that were. */
  int receive();

  @Override
  void close();

  static RawPipe open(Transport transport, Path directory, boolean server) throws IOException {
    return switch (transport) {
      case RING -> new BareRing(directory.resolve("ring"), server);
      case AGRONA -> new AgronaPipe(directory.resolve("agrona"), server);
      case AERON -> new AeronPipe(directory.resolve("aeron"), server);
      default -> throw new IllegalArgumentException(transport + " is not a raw one");
    };
  }
}
