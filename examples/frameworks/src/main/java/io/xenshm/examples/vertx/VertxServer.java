package io.xenshm.examples.vertx;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import java.net.InetSocketAddress;

/** An HTTP server by Vert.x. */
public final class VertxServer {

  private VertxServer() {}

  /** Serves at {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, VertxServer::start);
  }

  /** Starts it. */
  public static RunningServer start(InetSocketAddress address, Tls tls) throws Exception {
    Vertx vertx =
        Vertx.builder()
            .withTransport(new XenShmTransport()) // <- was Transport.nativeTransport()
            .build();
    HttpServerOptions options = new HttpServerOptions();
    if (tls.isOn()) {
      options
          .setSsl(true)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .setCertPath(tls.certificate().getPath())
                  .setKeyPath(tls.key().getPath()));
    }
    HttpServer server =
        Answers.await(
            vertx
                .createHttpServer(options)
                .requestHandler(VertxServer::answer)
                .listen(address.getPort(), address.getHostString())
                .toCompletionStage());
    return new RunningServer(server.actualPort(), () -> VertxClient.close(vertx));
  }

  /** Greets at a GET, and gives the body of a POST back. */
  private static void answer(HttpServerRequest request) {
    if (request.method().equals(HttpMethod.POST)) {
      request.response().setChunked(true);
      request.pipeTo(request.response());
    } else {
      request.response().end("hello");
    }
  }
}
