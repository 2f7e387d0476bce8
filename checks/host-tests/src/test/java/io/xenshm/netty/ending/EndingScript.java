package io.xenshm.netty.ending;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * One exchange: who ends the connection and how, what each end writes and when, and who reads.
 *
 * @param ender who ends it; the other one only writes, unless both end it
 * @param how how it is ended
 * @param halfClosure whether both ends go on writing after the end of their input
 * @param clientReads when the client reads
 * @param serverReads when the server reads
 * @param clientWrites how much the client writes
 * @param serverWrites how much the server writes
 * @param order when the other one writes, seen from the end
 * @param content what is written
 */
record EndingScript(
    Ender ender,
    How how,
    boolean halfClosure,
    Reads clientReads,
    Reads serverReads,
    Amount clientWrites,
    Amount serverWrites,
    Order order,
    Content content) {

  enum Ender {
    CLIENT,
    SERVER,
    BOTH
  }

  enum How {
    /** Closes at once: what is not written yet fails. */
    CLOSE,
    /** Closes when everything is written. */
    CLOSE_AFTER_WRITE,
    /** Shuts the output down at once. */
    HALF_CLOSE,
    /** Shuts the output down when everything is written. */
    HALF_CLOSE_AFTER_WRITE,
    /** Shuts the output down when everything is written, and closes a little later. */
    HALF_CLOSE_THEN_CLOSE,
    /** Closes with {@code SO_LINGER} 0. */
    ABORT,
    /** Closes although the other one's bytes were not read. */
    CLOSE_WITH_UNREAD_INPUT,
    /** A handler throws at the first bytes, which closes the channel. */
    THROWING_HANDLER
  }

  enum Reads {
    /** Auto-read is on. */
    ALWAYS,
    /** Auto-read is off, and nobody calls read. */
    NEVER,
    /** Auto-read is off, and is switched on when nothing happens any more. */
    LATER,
    /** Auto-read is off; one read is asked for when the channel is registered. */
    EARLY,
    /** Auto-read is on, and is switched off before anything comes. */
    SWITCHED_OFF
  }

  enum Amount {
    NOTHING(0),
    SMALL(1000),
    /** More than both kernel buffers, or a ring, hold. */
    LARGE(2 << 20);

    final int bytes;

    Amount(int bytes) {
      this.bytes = bytes;
    }
  }

  enum Order {
    BEFORE,
    DURING,
    AFTER,
    /** After the end, and once more. */
    AFTER_TWICE
  }

  enum Content {
    BUFFER,
    FILE_REGION,
    MANY_PARTS
  }

  /** Scripts with random values on each axis; always the same ones. */
  static List<EndingScript> some(int count) {
    Random random = new Random(20111);
    Set<EndingScript> scripts = new LinkedHashSet<>();
    while (scripts.size() < count) {
      scripts.add(
          new EndingScript(
                  any(random, Ender.values()),
                  any(random, How.values()),
                  random.nextBoolean(),
                  any(random, Reads.values()),
                  any(random, Reads.values()),
                  any(random, Amount.values()),
                  any(random, Amount.values()),
                  any(random, Order.values()),
                  any(random, Content.values()))
              .possible());
    }
    return new ArrayList<>(scripts);
  }

  private static <T> T any(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  /** Returns this one, or one like it in which what is to happen can happen. */
  private EndingScript possible() {
    return switch (how) {
      case CLOSE_WITH_UNREAD_INPUT ->
          withReads(Reads.NEVER).withWritten(Order.BEFORE, Amount.SMALL);
      case THROWING_HANDLER -> withReads(Reads.ALWAYS).withWritten(order, Amount.SMALL);
      default -> this;
    };
  }

  /** The ones that end it read like that. */
  private EndingScript withReads(Reads reads) {
    return new EndingScript(
        ender,
        how,
        halfClosure,
        ender == Ender.SERVER ? clientReads : reads,
        ender == Ender.CLIENT ? serverReads : reads,
        clientWrites,
        serverWrites,
        order,
        content);
  }

  /** Those that are to be read write something. */
  private EndingScript withWritten(Order newOrder, Amount least) {
    return new EndingScript(
        ender,
        how,
        halfClosure,
        clientReads,
        serverReads,
        ender == Ender.CLIENT || clientWrites != Amount.NOTHING ? clientWrites : least,
        ender == Ender.SERVER || serverWrites != Amount.NOTHING ? serverWrites : least,
        newOrder,
        content);
  }

  boolean ends(boolean client) {
    return ender == Ender.BOTH || (ender == Ender.CLIENT) == client;
  }

  Reads reads(boolean client) {
    return client ? clientReads : serverReads;
  }

  Amount writes(boolean client) {
    return client ? clientWrites : serverWrites;
  }

  /** Bytes that an end writes if nothing stops it. */
  int bytes(boolean client) {
    boolean again = order == Order.AFTER_TWICE && !ends(client);
    return writes(client).bytes + (again ? Amount.SMALL.bytes : 0);
  }

  /** The values on all axes, each with its axis' name. */
  List<String> values() {
    return List.of(
        "ender " + ender,
        "how " + how,
        "half-closure " + halfClosure,
        "client reads " + clientReads,
        "server reads " + serverReads,
        "client writes " + clientWrites,
        "server writes " + serverWrites,
        "order " + order,
        "content " + content);
  }
}
