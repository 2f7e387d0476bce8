package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An accepted connection's pipeline is the program's alone, and is told of the path. */
class AcceptedPipelineTest {
  private static final List<String> PATH_THEN_ACTIVE = List.of("path", "active");

  private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  /** Keeps what it is told. */
  private static final class Told extends ChannelInboundHandlerAdapter {
    private final List<String> events = new CopyOnWriteArrayList<>();

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof XenShmPathEvent) {
        events.add("path");
      }
      ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      events.add("active");
      ctx.fireChannelActive();
    }
  }

  /** Connects to a listener, and returns its child when that is active. */
  private Channel accept(XenShmPath path, ChannelHandler childHandler) throws Exception {
    ChannelInitializer<Channel> initializer =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel child) {
            child.pipeline().addLast(childHandler);
            child.eventLoop().execute(() -> accepted.add(child));
          }
        };
    Channel listener = domains.bindAddress(initializer);
    XenShmMode mode = path == XenShmPath.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED;
    done(
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_MODE, mode)
            .connect(listener.localAddress()));
    Channel child = accepted.poll(20, TimeUnit.SECONDS);
    assertNotNull(child, "nothing was accepted");
    child.eventLoop().submit(() -> {}).sync();
    return child;
  }

  @ParameterizedTest
  @EnumSource
  void aPipelineHasTheProgramsHandlersAlone(XenShmPath path) throws Exception {
    List<List<String>> names = new CopyOnWriteArrayList<>();
    ChannelHandler handler =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRegistered(ChannelHandlerContext ctx) {
            names.add(ctx.pipeline().names());
          }

          @Override
          public void channelActive(ChannelHandlerContext ctx) {
            names.add(ctx.pipeline().names());
          }
        };

    String name = accept(path, handler).pipeline().context(handler).name();

    List<String> own = List.of(name, "DefaultChannelPipeline$TailContext#0");
    assertEquals(List.of(own, own), names);
  }

  @ParameterizedTest
  @EnumSource
  void aHandlerThatAnInitializerAddedIsToldOnceAndBeforeItIsActive(XenShmPath path)
      throws Exception {
    Told told = new Told();

    accept(path, told);

    assertEquals(PATH_THEN_ACTIVE, told.events);
  }

  @ParameterizedTest
  @EnumSource
  void handlersInFrontAndBehindAreToldToo(XenShmPath path) throws Exception {
    Told first = new Told();
    Told last = new Told();
    ChannelHandler adder =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel child) {
            child.pipeline().addFirst(first);
            child.pipeline().addLast(last);
          }
        };

    accept(path, adder);

    assertEquals(PATH_THEN_ACTIVE, first.events);
    assertEquals(PATH_THEN_ACTIVE, last.events);
  }

  @ParameterizedTest
  @EnumSource
  void aPipelineMayBeEmptiedWhenItIsActive(XenShmPath path) throws Exception {
    ChannelHandler emptying =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelActive(ChannelHandlerContext ctx) {
            while (ctx.pipeline().first() != null) {
              ctx.pipeline().removeFirst();
            }
          }
        };
    try (Warnings warnings = new Warnings()) {
      accept(path, emptying);

      assertEquals(List.of(), warnings.texts());
    }
  }

  @ParameterizedTest
  @EnumSource
  void anotherRegistrationTellsNothingAgain(XenShmPath path) throws Exception {
    Told told = new Told();
    Channel child = accept(path, told);

    done(child.deregister());
    done(domains.serverWorkers.next().register(child));
    child.eventLoop().submit(() -> {}).sync();

    assertEquals(PATH_THEN_ACTIVE, told.events);
  }

  @ParameterizedTest
  @EnumSource
  void aChildThatIsClosedAtOnceIsToldNothing(XenShmPath path) throws Exception {
    Told told = new Told();
    ChannelHandler closing =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel child) {
            child.pipeline().addLast(told);
            child.close();
          }
        };

    done(accept(path, closing).closeFuture());

    assertEquals(List.of(), told.events);
  }
}
