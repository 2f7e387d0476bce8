/**
 * A simulated Xen host and its guests as containers of Testcontainers, each guest with processes
 * and a network address of its own.
 *
 * <pre>{@code
 * try (GuestNetwork network = GuestNetwork.create();
 *     XenHostContainer host = new XenHostContainer(network, 1, 2);
 *     GuestContainer server = new GuestContainer(host, 1, EchoServer.class, "auto:0.0.0.0:4711")) {
 *   host.start();
 *   server.start();
 *   server.awaitLine("READY");
 *   ...
 * }
 * }</pre>
 */
package io.xenshm.containers;
