package io.xenshm.link;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a client writes to XenStore to ask for a link, in one node.
 *
 * <pre>
 * 1 KIND LISTENER-PORT LISTENER-PROCESS CLIENT-PORT DESCRIPTOR-REFERENCE EVENT-CHANNEL-PORT NONCE
 * </pre>
 *
 * {@code KIND} is {@code stream} or {@code datagram}. Numbers are decimal; the process and the
 * nonce are 16 hexadecimal digits.
 *
 * @param kind what the link is to carry
 * @param listenerPort the port that the client wants to reach, 1 to 65535
 * @param listenerProcess nonce of the process that listens there
 * @param clientPort what the client calls its own port, 1 to 65535
 * @param descriptorReference grant reference of the descriptor page
 * @param eventChannelPort the client's unbound event channel port
 * @param nonce the number that the descriptor page must hold
 */
record Offer(
    LinkKind kind,
    int listenerPort,
    String listenerProcess,
    int clientPort,
    int descriptorReference,
    int eventChannelPort,
    long nonce) {

  static final int MAX_LENGTH = 128;
  static final int MAX_PORT = 65535;

  private static final Pattern GRAMMAR =
      Pattern.compile(
          "1 (stream|datagram) (\\d{1,5}) ([0-9a-f]{16}) (\\d{1,5}) (\\d{1,10}) (\\d{1,10}) ([0-9a-f]{16})");

  static Offer parse(byte[] value) throws MalformedOfferException {
    if (value.length > MAX_LENGTH) {
      throw new MalformedOfferException(
          "offer of " + value.length + " bytes, more than " + MAX_LENGTH);
    }
    Matcher matcher = GRAMMAR.matcher(new String(value, StandardCharsets.US_ASCII));
    if (!matcher.matches()) {
      throw new MalformedOfferException("offer does not follow the grammar of version 1");
    }
    return new Offer(
        LinkKind.of(matcher.group(1)),
        number(matcher, 2, 1, MAX_PORT),
        matcher.group(3),
        number(matcher, 4, 1, MAX_PORT),
        number(matcher, 5, 0, Integer.MAX_VALUE),
        number(matcher, 6, 1, Integer.MAX_VALUE),
        Long.parseUnsignedLong(matcher.group(7), 16));
  }

  private static int number(Matcher matcher, int group, long min, long max)
      throws MalformedOfferException {
    long value = Long.parseLong(matcher.group(group));
    if (value < min || value > max) {
      throw new MalformedOfferException(
          "field " + group + " of the offer is " + value + ", not " + min + " to " + max);
    }
    return (int) value;
  }

  String format() {
    return "1 "
        + kind.text
        + ' '
        + listenerPort
        + ' '
        + listenerProcess
        + ' '
        + clientPort
        + ' '
        + descriptorReference
        + ' '
        + eventChannelPort
        + ' '
        + Nonces.format(nonce);
  }
}
