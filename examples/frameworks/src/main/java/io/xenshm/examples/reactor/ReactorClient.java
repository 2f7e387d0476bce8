package io.xenshm.examples.reactor;

import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContext;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** An HTTP client by Reactor Netty: some requests at a time, through a pool of connections. */
public final class ReactorClient {
  private static final int POSTS = 20;
  private static final int CONNECTIONS = 4;
  private static final int BODY = 300_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private ReactorClient() {}

  /** Connects to {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.call(args, ReactorClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    LoopResources loops =
        new XenShmLoopResources(1); // <- was LoopResources.create("client", 1, true)
    ConnectionProvider pool = ConnectionProvider.create("example", CONNECTIONS);
    HttpClient http =
        HttpClient.create(pool)
            .runOn(loops) // <- the default is NIO or epoll
            .remoteAddress(() -> address);
    if (tls.isOn()) {
      SslContext ssl = tls.clientContext();
      http = http.secure(spec -> spec.sslContext(ssl));
    }
    try {
      return talk(http);
    } finally {
      pool.disposeLater().block(TIMEOUT);
      loops.disposeLater(Duration.ZERO, TIMEOUT).block();
    }
  }

  private static String talk(HttpClient http) throws Exception {
    String greeting = http.get().uri("/").responseContent().aggregate().asString().block(TIMEOUT);
    Answers.check("greeting", "hello", greeting);
    Long equal =
        Flux.range(0, POSTS)
            .flatMap(seed -> echo(http, seed), CONNECTIONS)
            .filter(same -> same)
            .count()
            .block(TIMEOUT);
    Answers.check("number of equal echoes", (long) POSTS, equal);
    return POSTS + " bodies of " + BODY + " bytes echoed, " + CONNECTIONS + " at a time";
  }

  private static Mono<Boolean> echo(HttpClient http, int seed) {
    byte[] body = new byte[BODY];
    new Random(seed).nextBytes(body);
    return http.post()
        .uri("/")
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
        .responseSingle((response, content) -> content.asByteArray())
        .map(echo -> Arrays.equals(body, echo));
  }
}
