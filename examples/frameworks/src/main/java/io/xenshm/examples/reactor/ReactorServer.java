package io.xenshm.examples.reactor;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.ssl.SslContext;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;

/** An HTTP server by Reactor Netty. */
public final class ReactorServer {
  private static final int THREADS = 2;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private ReactorServer() {}

  /** Serves at {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, ReactorServer::start);
  }

  /** Starts it. */
  public static RunningServer start(InetSocketAddress address, Tls tls) throws Exception {
    LoopResources loops =
        new XenShmLoopResources(THREADS); // <- was LoopResources.create("server", THREADS, true)
    HttpServer http =
        HttpServer.create()
            .runOn(loops) // <- the default is NIO or epoll
            .bindAddress(() -> address)
            .handle(ReactorServer::answer);
    if (tls.isOn()) {
      SslContext ssl = tls.serverContext();
      http = http.secure(spec -> spec.sslContext(ssl));
    }
    DisposableServer server = http.bindNow();
    return new RunningServer(
        server.port(),
        () -> {
          server.disposeNow(TIMEOUT);
          loops.disposeLater(Duration.ZERO, TIMEOUT).block();
        });
  }

  /** Greets at a GET, and gives the body of a POST back. */
  private static Publisher<Void> answer(HttpServerRequest request, HttpServerResponse response) {
    return request.method().equals(HttpMethod.POST)
        ? response.send(request.receive().retain())
        : response.sendString(Mono.just("hello"));
  }
}
