package io.xenshm.examples.vertx;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.PemTrustOptions;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** An HTTP client by Vert.x: requests at the same time, through its pool of connections. */
public final class VertxClient {
  private static final int POSTS = 20;
  private static final int BODY = 300_000;
  private static final long TIMEOUT_SECONDS = 30;

  private VertxClient() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, VertxClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    Vertx vertx =
        Vertx.builder()
            .withTransport(new XenShmTransport()) // <- was Transport.nativeTransport()
            .build();
    HttpClientOptions options =
        new HttpClientOptions()
            .setDefaultHost(address.getHostString())
            .setDefaultPort(address.getPort());
    if (tls.isOn()) {
      options
          .setSsl(true)
          .setTrustOptions(new PemTrustOptions().addCertPath(tls.certificate().getPath()));
    }
    try {
      return talk(vertx.createHttpClient(options));
    } finally {
      close(vertx);
    }
  }

  private static String talk(HttpClient http) throws Exception {
    Buffer greeting =
        Answers.await(
            http.request(HttpMethod.GET, "/")
                .compose(HttpClientRequest::send)
                .compose(HttpClientResponse::body)
                .toCompletionStage());
    Answers.check("greeting", "hello", greeting.toString());
    List<Buffer> bodies = new ArrayList<>();
    List<Future<Buffer>> echoes = new ArrayList<>();
    for (int i = 0; i < POSTS; i++) {
      byte[] bytes = new byte[BODY];
      new Random(i).nextBytes(bytes);
      Buffer body = Buffer.buffer(bytes);
      bodies.add(body);
      echoes.add(
          http.request(HttpMethod.POST, "/")
              .compose(request -> request.send(body))
              .compose(HttpClientResponse::body));
    }
    for (int i = 0; i < POSTS; i++) {
      Answers.check(
          "echo's equality",
          true,
          bodies.get(i).equals(Answers.await(echoes.get(i).toCompletionStage())));
    }
    return POSTS + " bodies of " + BODY + " bytes echoed at the same time";
  }

  /** Ends a Vert.x; returns when its event loops have ended. */
  static void close(Vertx vertx) {
    vertx
        .close()
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .join();
  }
}
