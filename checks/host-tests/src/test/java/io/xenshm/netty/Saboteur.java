package io.xenshm.netty;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.DefaultMessageSizeEstimator;
import io.netty.channel.FileRegion;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.UncheckedBooleanSupplier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicReference;

/** A program's code that throws at one place, once. */
final class Saboteur {
  /** The places. */
  enum Place {
    ALLOCATOR,
    NEW_HANDLE,
    RESET,
    ALLOCATE,
    COUNT_MESSAGE,
    CONTINUE,
    READ_COMPLETE,
    HANDLER,
    INITIALIZER,
    LISTENER,
    ESTIMATOR,
    HEAP_BUFFER,
    DIRECT_BUFFER,
    REGION_TRANSFER,
    REGION_COUNT,
    REGION_TRANSFERRED
  }

  /** What is thrown. */
  enum Thrown {
    RUNTIME_EXCEPTION,
    IO_EXCEPTION,
    CHECKED_EXCEPTION,
    ERROR,
    STACK_OVERFLOW,
    INTERNAL_ERROR,
    OUT_OF_MEMORY;

    private Throwable make() {
      String text = "of the program";
      return switch (this) {
        case RUNTIME_EXCEPTION -> new IllegalStateException(text);
        case IO_EXCEPTION -> new IOException(text);
        case CHECKED_EXCEPTION -> new Exception(text);
        case ERROR -> new AssertionError(text);
        case STACK_OVERFLOW -> new StackOverflowError(text);
        case INTERNAL_ERROR -> new InternalError(text);
        case OUT_OF_MEMORY -> new OutOfMemoryError(text);
      };
    }
  }

  private final AtomicReference<Place> armed = new AtomicReference<>();
  private volatile Throwable thrown;

  void arm(Place place, Thrown what) {
    thrown = what.make();
    armed.set(place);
  }

  /** Returns what was thrown, or is to be. */
  Throwable thrown() {
    return thrown;
  }

  /** Says whether the place was not passed. */
  boolean isArmed() {
    return armed.get() != null;
  }

  void pass(Place place) {
    if (armed.compareAndSet(place, null)) {
      throwAny(thrown.fillInStackTrace()); // tells who called
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // so throws what is checked, too
  private static <T extends Throwable> void throwAny(Throwable throwable) throws T {
    throw (T) throwable;
  }

  ByteBufAllocator allocator() {
    return new AbstractByteBufAllocator(true) {
      @Override
      protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return UnpooledByteBufAllocator.DEFAULT.heapBuffer(initialCapacity, maxCapacity);
      }

      @Override
      protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        pass(Place.ALLOCATOR);
        return UnpooledByteBufAllocator.DEFAULT.directBuffer(initialCapacity, maxCapacity);
      }

      @Override
      public boolean isDirectBufferPooled() {
        return true;
      }
    };
  }

  RecvByteBufAllocator receiveAllocator() {
    AdaptiveRecvByteBufAllocator allocator = new AdaptiveRecvByteBufAllocator();
    return () -> {
      pass(Place.NEW_HANDLE);
      return new Handle((ExtendedHandle) allocator.newHandle());
    };
  }

  private final class Handle implements ExtendedHandle {
    private final ExtendedHandle handle;

    Handle(ExtendedHandle handle) {
      this.handle = handle;
    }

    @Override
    public void reset(ChannelConfig config) {
      pass(Place.RESET);
      handle.reset(config);
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      pass(Place.ALLOCATE);
      return handle.allocate(allocator);
    }

    @Override
    public int guess() {
      return handle.guess();
    }

    @Override
    public void incMessagesRead(int count) {
      pass(Place.COUNT_MESSAGE);
      handle.incMessagesRead(count);
    }

    @Override
    public void lastBytesRead(int bytes) {
      handle.lastBytesRead(bytes);
    }

    @Override
    public int lastBytesRead() {
      return handle.lastBytesRead();
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      handle.attemptedBytesRead(bytes);
    }

    @Override
    public int attemptedBytesRead() {
      return handle.attemptedBytesRead();
    }

    @Override
    public boolean continueReading() {
      pass(Place.CONTINUE);
      return handle.continueReading();
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreDataSupplier) {
      pass(Place.CONTINUE);
      return handle.continueReading(maybeMoreDataSupplier);
    }

    @Override
    public void readComplete() {
      pass(Place.READ_COMPLETE);
      handle.readComplete();
    }
  }

  MessageSizeEstimator estimator() {
    MessageSizeEstimator.Handle handle = DefaultMessageSizeEstimator.DEFAULT.newHandle();
    return () ->
        message -> {
          pass(Place.ESTIMATOR);
          return handle.size(message);
        };
  }

  /** Loses the message where it throws. */
  @Sharable
  final class Handler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      boolean passed = false;
      try {
        pass(Place.HANDLER);
        passed = true;
      } finally {
        if (!passed) {
          ReferenceCountUtil.release(message);
        }
      }
      ctx.fireChannelRead(message);
    }
  }

  ByteBuf heapBuffer(int size) {
    return new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, size, size) {
      @Override
      public boolean hasArray() {
        return false;
      }

      @Override
      public ByteBuffer nioBuffer(int index, int length) {
        pass(Place.HEAP_BUFFER);
        return super.nioBuffer(index, length);
      }

      @Override
      public ByteBuf getBytes(int index, ByteBuf target, int targetIndex, int length) {
        pass(Place.HEAP_BUFFER);
        return super.getBytes(index, target, targetIndex, length);
      }

      @Override
      public ByteBuf getBytes(int index, ByteBuffer target) {
        pass(Place.HEAP_BUFFER);
        return super.getBytes(index, target);
      }
    }.writerIndex(size);
  }

  ByteBuf directBuffer(int size) {
    return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, size) {
      @Override
      public boolean hasMemoryAddress() {
        return false;
      }

      @Override
      public ByteBuffer internalNioBuffer(int index, int length) {
        pass(Place.DIRECT_BUFFER);
        return super.internalNioBuffer(index, length);
      }

      @Override
      public ByteBuf getBytes(int index, ByteBuffer target) {
        pass(Place.DIRECT_BUFFER);
        return super.getBytes(index, target);
      }
    }.writerIndex(size);
  }

  FileRegion region(int size) {
    return new FileRegionTest.Region(new byte[size]) {
      private boolean written;

      @Override
      public long transferTo(WritableByteChannel target, long position) throws IOException {
        pass(Place.REGION_TRANSFER);
        return super.transferTo(target, position);
      }

      @Override
      public long count() {
        if (written) { // Netty asks once more, when it puts the region into its queue
          pass(Place.REGION_COUNT);
        }
        written = true;
        return super.count();
      }

      @Override
      public long transferred() {
        pass(Place.REGION_TRANSFERRED);
        return super.transferred();
      }
    };
  }
}
