package io.xenshm.examples.echo;

/**
 * What the echo client measured.
 *
 * @param path the path that the bytes took, as the channel reported it
 * @param roundTrips number of round trips measured
 * @param medianNanos half of them took no longer, in nanoseconds
 */
public record EchoResult(String path, int roundTrips, long medianNanos) {}
