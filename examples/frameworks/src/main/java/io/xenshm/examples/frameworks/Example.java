package io.xenshm.examples.frameworks;

import io.xenshm.examples.dns.DnsClient;
import io.xenshm.examples.dns.DnsServer;
import io.xenshm.examples.grpc.GrpcClient;
import io.xenshm.examples.grpc.GrpcServer;
import io.xenshm.examples.http1.Http1Client;
import io.xenshm.examples.http1.Http1Server;
import io.xenshm.examples.http2.Http2Client;
import io.xenshm.examples.http2.Http2Server;
import io.xenshm.examples.plain.PlainClient;
import io.xenshm.examples.plain.PlainServer;
import io.xenshm.examples.reactor.ReactorClient;
import io.xenshm.examples.reactor.ReactorServer;
import io.xenshm.examples.telemetry.TelemetryClient;
import io.xenshm.examples.telemetry.TelemetryServer;
import io.xenshm.examples.vertx.VertxClient;
import io.xenshm.examples.vertx.VertxServer;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A server and a client that know nothing of the path their bytes take.
 *
 * @param label what a user types
 * @param serverClass the class with the server's {@code main}
 * @param server the server
 * @param clientClass the class with the client's {@code main}
 * @param client the client
 */
public record Example(
    String label,
    Class<?> serverClass,
    ExampleServer server,
    Class<?> clientClass,
    ExampleClient client) {

  /** Those with connections, over which TLS and TCP go too. */
  public static final List<Example> ALL =
      List.of(
          new Example(
              "plain", PlainServer.class, PlainServer::start, PlainClient.class, PlainClient::run),
          new Example(
              "http1", Http1Server.class, Http1Server::start, Http1Client.class, Http1Client::run),
          new Example(
              "http2", Http2Server.class, Http2Server::start, Http2Client.class, Http2Client::run),
          new Example(
              "grpc", GrpcServer.class, GrpcServer::start, GrpcClient.class, GrpcClient::run),
          new Example(
              "reactor",
              ReactorServer.class,
              ReactorServer::start,
              ReactorClient.class,
              ReactorClient::run),
          new Example(
              "vertx", VertxServer.class, VertxServer::start, VertxClient.class, VertxClient::run));

  /** Those with datagrams. */
  static final List<Example> DATAGRAMS =
      List.of(
          new Example("dns", DnsServer.class, DnsServer::start, DnsClient.class, DnsClient::run),
          new Example(
              "telemetry",
              TelemetryServer.class,
              TelemetryServer::start,
              TelemetryClient.class,
              TelemetryClient::run));

  private static Stream<Example> all() {
    return Stream.concat(ALL.stream(), DATAGRAMS.stream());
  }

  /** Returns the example that a user typed; {@code null} if none is called so. */
  static Example of(String label) {
    return all().filter(e -> e.label.equals(label)).findAny().orElse(null);
  }

  /** Returns what a user can type. */
  static String labels() {
    return all().map(Example::label).collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return label;
  }
}
