package io.xenshm.link;

import java.net.InetAddress;

/**
 * What a client wants to reach.
 *
 * @param kind what the link is to carry
 * @param domain the listener's domain
 * @param port the listener's port
 * @param address the address that the listener must be bound to; {@code null} for any
 * @param clientPort what the client calls its own port
 */
public record LinkTarget(
    LinkKind kind, int domain, int port, InetAddress address, int clientPort) {}
