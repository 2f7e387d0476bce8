package io.xenshm.examples.demo;

import io.xenshm.examples.echo.EchoResult;
import io.xenshm.examples.transfer.TransferResult;

/**
 * What the client process measured on one path.
 *
 * @param transfer the transfer of median duration; its digests are equal if those of all were
 * @param echo the round trips
 */
record Measurement(TransferResult transfer, EchoResult echo) {

  /** Reads what {@link #toLine} wrote. */
  static Measurement parse(String line) {
    String[] parts = line.split(" ", -1);
    return new Measurement(
        new TransferResult(
            parts[0],
            Long.parseLong(parts[1]),
            Long.parseLong(parts[2]),
            Boolean.parseBoolean(parts[3])),
        new EchoResult(parts[4], Integer.parseInt(parts[5]), Long.parseLong(parts[6])));
  }

  /** Returns one line from which {@link #parse} makes the same measurement. */
  String toLine() {
    return String.join(
        " ",
        transfer.path(),
        Long.toString(transfer.bytes()),
        Long.toString(transfer.nanos()),
        Boolean.toString(transfer.digestsEqual()),
        echo.path(),
        Integer.toString(echo.roundTrips()),
        Long.toString(echo.medianNanos()));
  }

  /** Returns whether both examples took this path. */
  boolean took(String path) {
    return transfer.path().equals(path) && echo.path().equals(path);
  }
}
