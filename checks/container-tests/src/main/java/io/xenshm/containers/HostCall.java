package io.xenshm.containers;

import io.xenshm.examples.Program;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

/** Asks the {@link HostProgram} in the same container to do something. */
final class HostCall {

  private HostCall() {}

  /** Asks for {@code create N=IP} or {@code destroy N}. */
  public static void main(String[] args) {
    Program.run(
        "call",
        () -> {
          try (SocketChannel host =
                  SocketChannel.open(UnixDomainSocketAddress.of(HostProgram.SOCKET));
              Scanner answers = new Scanner(Channels.newReader(host, StandardCharsets.UTF_8))) {
            String line = args[0] + " " + args[1] + "\n";
            host.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
            String answer = answers.nextLine();
            if (!answer.equals(HostProgram.DONE)) {
              throw new IOException(answer);
            }
          }
        });
  }
}
