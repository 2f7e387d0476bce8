package io.xenshm.netty;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * A port of a Xen domain: a peer that is reached by shared memory or not at all, never by TCP.
 *
 * <p>It is an {@link InetSocketAddress}, since that is what {@code SocketChannel.remoteAddress()}
 * returns. Its address is {@code 100::<domain>}, from the block that is never routed (RFC 6666), so
 * that a filter for IP addresses does not take it for somebody else.
 */
public final class XenShmAddress extends InetSocketAddress {
  private static final long serialVersionUID = 1L;

  /** The highest number of a domain: {@code DOMID_FIRST_RESERVED} (xen.h) less one. */
  public static final int MAX_DOMAIN_ID = 0x7fef;

  private static final int ADDRESS_LENGTH = 16;

  private final int domainId;

  /**
   * Creates an address.
   *
   * @param domainId number of the domain, 0 to {@link #MAX_DOMAIN_ID}
   * @param port 0 to 65535; 0, to bind to, is any that is free
   * @throws IllegalArgumentException if a number is out of range
   */
  public XenShmAddress(int domainId, int port) {
    super(addressOf(domainId), port);
    this.domainId = domainId;
  }

  private static InetAddress addressOf(int domainId) {
    if (domainId < 0 || domainId > MAX_DOMAIN_ID) {
      throw new IllegalArgumentException("domain " + domainId + " is not 0 to " + MAX_DOMAIN_ID);
    }
    byte[] address = new byte[ADDRESS_LENGTH];
    address[0] = 1;
    address[ADDRESS_LENGTH - 2] = (byte) (domainId >> 8);
    address[ADDRESS_LENGTH - 1] = (byte) domainId;
    try {
      return InetAddress.getByAddress("xen-domain-" + domainId, address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the number of the domain. */
  public int domainId() {
    return domainId;
  }

  @Override
  public String toString() {
    return "xen:" + domainId + ':' + getPort();
  }
}
