package io.xenshm.netty;

import io.netty.channel.Channel;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.concurrent.ThreadAwareExecutor;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.directory.PeerDirectories;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.link.Doorbells;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * The {@link IoHandler} for event loops that carry shared-memory channels, composed around {@link
 * EpollIoHandler}: the loop's doorbells are a descriptor that epoll waits for, and epoll's own
 * channels run on the same loop.
 *
 * <p>Channels that were used recently are looked at for a bounded time before the loop sleeps.
 * While there is work, epoll is asked only every few tens of microseconds, or less often where
 * asking it is slow.
 */
public final class XenShmIoHandler implements IoHandler {
  /** How long epoll may go unasked while rings keep the loop busy. */
  private static final long MIN_EPOLL_PAUSE_NANOS = 30_000;

  private static final long MAX_EPOLL_PAUSE_NANOS = 1_000_000;

  /** Where a system call is slow, asking epoll takes a sixteenth of the time and no more. */
  private static final int EPOLL_PAUSE_IN_COSTS = 15;

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(XenShmIoHandler.class);

  private final ThreadAwareExecutor executor;
  private final IoHandler epoll;
  private final LocalDomain domain;

  /** The doorbells of new links, then those that have links of before. */
  private final List<DoorbellIoHandle> doorbells = new ArrayList<>();

  private final ActiveHandles active = new ActiveHandles();
  private final XenShmLoop loop;
  private final Set<Registration> registrations = new LinkedHashSet<>();
  private final NonBlockingContext nonBlocking = new NonBlockingContext();
  private final SpinBudget spinBudget = new SpinBudget();
  private final SpinPause spinPause = new SpinPause();
  private long lastEpollNanos;
  private long epollPauseNanos = MIN_EPOLL_PAUSE_NANOS;
  private boolean initialized;
  private boolean shuttingDown;
  private boolean destroyed;

  /** The event loop shuts down, and was given the task that closes its channels. */
  private final AtomicBoolean closingAsked = new AtomicBoolean();

  /** Creates a handler for channels that are TCP. */
  private XenShmIoHandler(IoHandlerFactory epollFactory, ThreadAwareExecutor executor) {
    this.executor = executor;
    epoll = epollFactory.newHandler(executor);
    domain = null;
    loop = new XenShmLoop(null, active);
  }

  private XenShmIoHandler(
      Xen xen,
      Function<Xen, PeerDirectory> directories,
      IoHandlerFactory epollFactory,
      ThreadAwareExecutor executor)
      throws IOException {
    this.executor = executor;
    epoll = epollFactory.newHandler(executor);
    LocalDomain acquired = null;
    boolean opened = false;
    try {
      acquired = LocalDomain.acquire(xen, directories);
      doorbells.add(open(xen, acquired));
      opened = true;
    } finally {
      if (!opened) {
        if (acquired != null) {
          acquired.release();
        }
        epoll.destroy();
      }
    }
    domain = acquired;
    loop = new XenShmLoop(domain, active);
    loop.setDoorbells(doorbells.getFirst().doorbells());
    domain.links().addLoop(this, executor, this::renewDoorbells);
  }

  private DoorbellIoHandle open(Xen xen, LocalDomain owner) throws XenException {
    return new DoorbellIoHandle(
        new Doorbells(xen.openEventChannels(), owner.links().limits(), scheduler(executor)));
  }

  /** Opens doorbells for new links; those of before end with their last link. */
  private void renewDoorbells(boolean suspended) {
    if (destroyed) {
      return;
    }
    DoorbellIoHandle fresh;
    try {
      fresh = open(domain.links().xen(), domain);
    } catch (XenException e) {
      logger.warn("An event loop has no event channels for new connections: they fail", e);
      return;
    }
    DoorbellIoHandle before = doorbells.getFirst();
    doorbells.addFirst(fresh);
    loop.setDoorbells(fresh.doorbells());
    if (initialized) {
      fresh.register(epoll);
    }
    before
        .doorbells()
        .retire(
            suspended,
            () ->
                executor.execute(
                    () -> {
                      if (doorbells.remove(before)) {
                        before.end();
                      }
                    }));
  }

  private static ScheduledExecutorService scheduler(ThreadAwareExecutor executor) {
    if (executor instanceof ScheduledExecutorService scheduler) {
      return scheduler;
    }
    throw new IllegalArgumentException(executor + " is no event loop: it schedules nothing");
  }

  /**
   * Returns a factory for the back end that {@link XenShm} chose. Where that is not available, the
   * channels of the event loops are TCP.
   *
   * @throws UnsatisfiedLinkError if Netty's native epoll transport is not available
   */
  public static IoHandlerFactory newFactory() {
    if (XenShm.isAvailable()) {
      return newFactory(XenShm.defaultXen());
    }
    XenShm.logUnavailability();
    IoHandlerFactory epollFactory = EpollIoHandler.newFactory();
    return factory(executor -> new XenShmIoHandler(epollFactory, executor));
  }

  /**
   * Returns a factory for a given back end. The caller closes it, after the event loops. A boss
   * group and its worker group need the same one.
   *
   * @throws UnsatisfiedLinkError if Netty's native epoll transport is not available
   */
  public static IoHandlerFactory newFactory(Xen xen) {
    return newFactory(xen, PeerDirectories::open);
  }

  /** Returns a factory for a given back end whose peers are found in a given directory. */
  static IoHandlerFactory newFactory(Xen xen, Function<Xen, PeerDirectory> directories) {
    IoHandlerFactory epollFactory = EpollIoHandler.newFactory();
    return factory(
        executor -> {
          try {
            return new XenShmIoHandler(xen, directories, epollFactory, executor);
          } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
          }
        });
  }

  private static IoHandlerFactory factory(Function<ThreadAwareExecutor, IoHandler> constructor) {
    return new IoHandlerFactory() {
      @Override
      public IoHandler newHandler(ThreadAwareExecutor executor) {
        return constructor.apply(executor);
      }

      @Override
      public boolean isChangingThreadSupported() {
        return true;
      }
    };
  }

  @Override
  public void initialize() {
    epoll.initialize();
    LiveLoops.add(this, executor);
    if (initialized) {
      return; // an event loop that was suspended goes on with the same handler
    }
    initialized = true;
    if (executor instanceof SingleThreadEventExecutor eventLoop) {
      eventLoop.addShutdownHook(this::prepareToDestroy);
    }
    doorbells.forEach(handle -> handle.register(epoll));
  }

  /**
   * Compiled code may tell of a fault of shared memory later than at the access, when nobody knows
   * any more which connection it was.
   */
  @Override
  public int run(IoHandlerContext context) {
    try {
      return lookAround(context);
    } catch (InternalError e) {
      logger.debug("An access to shared memory failed: this guest was suspended and resumed", e);
      active.checkMemory();
      return 1;
    } catch (Throwable e) {
      logger.warn("Unexpected failure in an event loop, which goes on", e);
      return 1;
    }
  }

  private int lookAround(IoHandlerContext context) {
    if (shuttingDown) {
      doorbells.forEach(DoorbellIoHandle::dispatch);
    }
    if (active.isEmpty()) {
      return epoll.run(context);
    }
    int steps = poll(context);
    if (steps == 0 && !active.isEmpty() && context.canBlock()) {
      steps = spin(context);
    }
    long spinLimit = active.spinNanos();
    if (steps > 0 || !context.canBlock() || !active.prepareToSleep()) {
      return steps + runEpollIfDue(context);
    }
    long before = System.nanoTime();
    int handled = epoll.run(context);
    lastEpollNanos = System.nanoTime();
    spinBudget.slept(lastEpollNanos - before, spinLimit);
    return handled;
  }

  private int spin(IoHandlerContext context) {
    long spinNanos = spinBudget.nanos(active.spinNanos(), System.nanoTime());
    if (spinNanos == 0) {
      return 0;
    }
    long start = System.nanoTime();
    long waited = 0;
    boolean outOfTurn = false;
    int steps = 0;
    while (steps == 0 && context.canBlock() && waited < spinNanos && !outOfTurn) {
      long before = start + waited;
      spinPause.pause(waited);
      outOfTurn = spinBudget.passed(before, System.nanoTime(), spinNanos);
      runEpollIfDue(context);
      steps = poll(context);
      waited = System.nanoTime() - start;
    }
    if (outOfTurn) {
      return steps;
    }
    if (steps > 0) {
      spinBudget.found();
      spinPause.found();
    } else if (context.canBlock()) {
      spinBudget.lookedInVain();
    }
    return steps;
  }

  private int poll(IoHandlerContext context) {
    if (!context.shouldReportActiveIoTime()) {
      return active.poll();
    }
    long start = System.nanoTime();
    int steps = active.poll();
    if (steps > 0) {
      context.reportActiveIoTime(System.nanoTime() - start);
    }
    return steps;
  }

  private int runEpollIfDue(IoHandlerContext context) {
    long now = System.nanoTime();
    if (now - lastEpollNanos < epollPauseNanos && !active.isEmpty()) {
      return 0;
    }
    nonBlocking.delegate = context;
    int handled = epoll.run(nonBlocking);
    lastEpollNanos = System.nanoTime();
    if (handled == 0) {
      epollPauseNanos = pauseAfter(lastEpollNanos - now);
      spinPause.callTook(lastEpollNanos - now);
    }
    return handled;
  }

  /** Returns how long epoll may go unasked where asking it took so long. */
  static long pauseAfter(long costNanos) {
    return Math.clamp(
        EPOLL_PAUSE_IN_COSTS * costNanos, MIN_EPOLL_PAUSE_NANOS, MAX_EPOLL_PAUSE_NANOS);
  }

  @Override
  public void prepareToDestroy() {
    shuttingDown = true;
    for (Registration registration : new ArrayList<>(registrations)) {
      registration.close();
    }
    doorbells.forEach(handle -> handle.doorbells().recall());
    epoll.prepareToDestroy();
  }

  /**
   * Closes the channels while the event loop still takes the tasks by which Netty tells their
   * handlers. A shutdown without a quiet period may end the loop before it calls {@link
   * #prepareToDestroy()}. It runs the shutdown hook, but only where it finds no other tasks.
   */
  private void closeBeforeTheLoopEnds() {
    if (executor instanceof EventExecutor eventLoop
        && eventLoop.isShuttingDown()
        && closingAsked.compareAndSet(false, true)) {
      try {
        executor.execute(this::prepareToDestroy);
      } catch (RejectedExecutionException e) {
        logger.debug("The event loop ended: what is left of its channels ends with it", e);
      }
    }
  }

  /** The loop takes no task: what Netty would tell the handlers later is told here. */
  private void endLeftovers() {
    for (Registration registration : new ArrayList<>(registrations)) {
      Channel channel = registration.handle.channel();
      boolean wasActive = channel.isActive();
      registration.close();
      if (wasActive) {
        channel.pipeline().fireChannelInactive();
      }
      channel.pipeline().fireChannelUnregistered();
    }
  }

  @Override
  public void destroy() {
    endLeftovers();
    prepareToDestroy();
    destroyed = true;
    LiveLoops.remove(this);
    if (domain != null) {
      domain.links().removeLoop(this);
      doorbells.forEach(handle -> handle.doorbells().close());
      doorbells.clear();
      domain.release();
    }
    epoll.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    if (handle instanceof XenShmIoHandle own) {
      Registration registration = new Registration(own);
      registrations.add(registration);
      handle.registered();
      if (shuttingDown) {
        closingAsked.set(false);
        closeBeforeTheLoopEnds();
      }
      return registration;
    }
    return epoll.register(
        handle instanceof EpollIoHandle descriptor
            ? new GuardedHandle(descriptor, active)
            : handle);
  }

  /** Tells the channels' state, for a log. On the event loop. */
  List<String> describe() {
    return registrations.stream().map(registration -> registration.handle.describe()).toList();
  }

  @Override
  public void wakeup() {
    closeBeforeTheLoopEnds();
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return XenShmIoHandle.class.isAssignableFrom(handleType)
        || EpollIoHandle.class.isAssignableFrom(handleType);
  }

  private final class Registration implements IoRegistration {
    private final XenShmIoHandle handle;
    private volatile boolean valid = true;

    Registration(XenShmIoHandle handle) {
      this.handle = handle;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Netty's signature
    @Override
    public <T> T attachment() {
      return (T) loop;
    }

    @Override
    public long submit(IoOps ops) {
      throw new IllegalArgumentException("a shared-memory handle takes no operations: " + ops);
    }

    @Override
    public boolean isValid() {
      return valid;
    }

    @Override
    public boolean cancel() {
      synchronized (this) {
        if (!valid) {
          return false;
        }
        valid = false;
      }
      if (executor.isExecutorThread(Thread.currentThread())) {
        remove();
      } else {
        executor.execute(this::remove);
      }
      return true;
    }

    private void remove() {
      registrations.remove(this);
      handle.unregistered();
    }

    void close() {
      try {
        cancel();
        handle.close();
      } catch (Throwable e) {
        logger.warn("{} could not be closed", handle.channel(), e);
      }
    }
  }

  /** Asks epoll without waiting. */
  private static final class NonBlockingContext implements IoHandlerContext {
    private IoHandlerContext delegate;

    @Override
    public boolean canBlock() {
      return false;
    }

    @Override
    public long delayNanos(long currentTimeNanos) {
      return delegate.delayNanos(currentTimeNanos);
    }

    @Override
    public long deadlineNanos() {
      return delegate.deadlineNanos();
    }

    @Override
    public void reportActiveIoTime(long activeNanos) {
      delegate.reportActiveIoTime(activeNanos);
    }

    @Override
    public boolean shouldReportActiveIoTime() {
      return delegate.shouldReportActiveIoTime();
    }
  }
}
