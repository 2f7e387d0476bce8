package io.xenshm.netty;

/**
 * A user event: tells a pipeline which path its connection took. It comes once, before {@code
 * channelActive}, at the client and at the server. A server's handlers are told when their channel
 * is registered: one that is added later asks {@link XenShmSocketChannel#path()}.
 *
 * @param path the way that the connection's bytes take
 * @param reason why
 */
public record XenShmPathEvent(XenShmPath path, XenShmPathReason reason) {}
