package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Carries out the requests of processes. For the host's thread. */
final class HypercallHandler {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(HypercallHandler.class);

  private final Hypervisor hypervisor;
  private final Toolbox toolbox;

  /** What dom0's tools can have done. */
  interface Toolbox {
    /** Begins to suspend a guest, and to resume it under another number. Does not wait. */
    void suspendAndResume(int domainId, int newDomainId);
  }

  HypercallHandler(Hypervisor hypervisor, Toolbox toolbox) {
    this.hypervisor = hypervisor;
    this.toolbox = toolbox;
  }

  /**
   * Carries out one request.
   *
   * @param request a whole frame, at its operation
   * @return the reply, ready to be sent; {@code null} where there is none
   * @throws MalformedRequestException if the frame is no request
   */
  ByteBuffer handle(GuestProcess process, ByteBuffer request) throws MalformedRequestException {
    Hypercall operation = Hypercall.of(request.getInt());
    if (operation == null) {
      throw new MalformedRequestException("unknown operation");
    }
    ByteBuffer reply;
    try {
      reply = Hypercall.finish(perform(process, operation, request));
    } catch (XenLimitException e) {
      reply = failure(Hypercall.OVER_LIMIT, e);
    } catch (XenException e) {
      if (!operation.isAnswered()) {
        LOGGER.debug("{} of a process of domain {} failed", operation, process.domain.id, e);
      }
      reply = failure(Hypercall.REFUSED, e);
    } catch (BufferUnderflowException e) {
      throw new MalformedRequestException("arguments of " + operation + " are missing", e);
    }
    return operation.isAnswered() ? reply : null;
  }

  /** Whether a request is answered; what is none is, too. */
  static boolean isAnswered(ByteBuffer request) {
    Hypercall operation = Hypercall.of(request.getInt(request.position()));
    return operation == null || operation.isAnswered();
  }

  private ByteBuffer perform(GuestProcess process, Hypercall operation, ByteBuffer request)
      throws XenException {
    return switch (operation) {
      case HELLO -> hello(process, request.getInt());
      case GRANT -> grant(process, request.getInt(), request.getInt());
      case MAP -> map(process, request.getInt(), request);
      case NOTIFY_ON_UNMAP -> {
        long handle = request.getLong();
        long offset = request.getLong();
        Port port = hypervisor.ports.port(process, request.getInt(), request.getInt());
        hypervisor.grantTables.notifyOnUnmap(process, handle, offset, port);
        yield done();
      }
      case RELEASE -> {
        hypervisor.grantTables.release(process, request.getLong(), false);
        yield done();
      }
      case OPEN_CHANNELS -> number(hypervisor.ports.openChannels(process));
      case BIND_UNBOUND ->
          number(hypervisor.ports.bindUnbound(process, request.getInt(), request.getInt()));
      case BIND_INTERDOMAIN ->
          number(
              hypervisor.ports.bindInterdomain(
                  process, request.getInt(), request.getInt(), request.getInt()));
      case UNBIND -> {
        hypervisor.ports.unbind(process, request.getInt(), request.getInt());
        yield done();
      }
      case CLOSE_CHANNELS -> {
        hypervisor.ports.closeChannels(process, request.getInt());
        yield done();
      }
      case RESUME_DOMAIN -> {
        if (process.domain.id != 0) {
          throw new XenException("only domain 0 suspends guests");
        }
        toolbox.suspendAndResume(request.getInt(), request.getInt());
        yield done();
      }
    };
  }

  private static ByteBuffer hello(GuestProcess process, int version) throws XenException {
    if (version != Hypercall.VERSION) {
      throw new XenException(
          "the simulated host speaks version "
              + Hypercall.VERSION
              + " of its protocol, this"
              + " process version "
              + version
              + "; use the same release of netty-xenshm for both");
    }
    return number(process.domain.id);
  }

  private ByteBuffer grant(GuestProcess process, int peer, int count) throws XenException {
    Allocation allocation = hypervisor.grantTables.grant(process, peer, count);
    ByteBuffer reply =
        Hypercall.reply(Hypercall.DONE, Long.BYTES + Integer.BYTES * count)
            .putLong(allocation.handle);
    for (Grant grant : allocation.grants) {
      reply.putInt(grant.reference);
    }
    return reply;
  }

  private ByteBuffer map(GuestProcess process, int owner, ByteBuffer request) throws XenException {
    int count = request.getInt();
    if (count < 0 || count > request.remaining() / Integer.BYTES) {
      throw new BufferUnderflowException();
    }
    int[] references = new int[count];
    for (int i = 0; i < count; i++) {
      references[i] = request.getInt();
    }
    Mapping mapping = hypervisor.grantTables.map(process, owner, references);
    List<Run> runs = runs(mapping.grants);
    ByteBuffer reply =
        Hypercall.reply(Hypercall.DONE, Long.BYTES + Integer.BYTES + Run.SIZE * runs.size())
            .putLong(mapping.handle)
            .putInt(runs.size());
    for (Run run : runs) {
      reply.putLong(run.handle).putInt(run.first).putInt(run.pages);
    }
    return reply;
  }

  /** Joins pages that lie one behind the other in the same file. */
  private static List<Run> runs(Grant[] grants) {
    List<Run> runs = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= grants.length; i++) {
      boolean joined =
          i < grants.length
              && grants[i].allocation == grants[start].allocation
              && grants[i].index == grants[start].index + (i - start);
      if (!joined) {
        runs.add(new Run(grants[start].allocation.handle, grants[start].index, i - start));
        start = i;
      }
    }
    return runs;
  }

  private static ByteBuffer done() {
    return Hypercall.reply(Hypercall.DONE, 0);
  }

  private static ByteBuffer number(int result) {
    return Hypercall.reply(Hypercall.DONE, Integer.BYTES).putInt(result);
  }

  private static ByteBuffer failure(int status, XenException e) {
    byte[] message = e.getMessage().getBytes(StandardCharsets.UTF_8);
    return Hypercall.finish(Hypercall.reply(status, message.length).put(message));
  }

  /** Consecutive pages of one file. */
  private record Run(long handle, int first, int pages) {
    static final int SIZE = 16;
  }

  /** What a process sent is no request; its connection is of no use any more. */
  static final class MalformedRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedRequestException(String message) {
      super(message);
    }

    MalformedRequestException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
