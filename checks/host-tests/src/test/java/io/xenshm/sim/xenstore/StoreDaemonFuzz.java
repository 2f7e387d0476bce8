package io.xenshm.sim.xenstore;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.xenstore.XenStoreFrame;
import io.xenshm.xenstore.XenStoreProtocol;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The simulated host's XenStore daemon, with requests of dom0 and of two guests. Each request has
 * one reply, and the daemon goes on.
 */
public final class StoreDaemonFuzz {
  private static final int MAX_REQUESTS = 64;
  private static final String[] PATHS = {
    "/", "a", "a/b", "/local/domain/1", "/local/domain/1/data", "/local/domain/2/data/x", "@release"
  };
  private static final String[] ARGUMENTS = {"T", "F", "n1", "r2", "b0", "0", "token", ""};

  static {
    Fuzzing.quiet();
  }

  private final FuzzInput input;
  private final StoreDaemon daemon;
  private final XenStoreFlavour flavour;
  private final List<StoreConnection> connections = new ArrayList<>();
  private final List<XenStoreFrame> replies = new ArrayList<>();

  private StoreDaemonFuzz(FuzzInput input) {
    this.input = input;
    flavour = input.yes() ? XenStoreFlavour.C : XenStoreFlavour.OCAML;
    daemon = new StoreDaemon(flavour, StoreQuotas.defaults(flavour), domainId -> false);
    for (int domain = 0; domain <= 2; domain++) {
      StoreConnection connection = new StoreConnection(domain, this::sent);
      connections.add(connection);
      daemon.connected(connection);
      daemon.introduce(domain);
    }
    StoreConnection dom0 = connections.get(0);
    for (String guest : List.of("1", "2")) {
      String data = "/local/domain/" + guest + "/data";
      daemon.handle(dom0, request(XenStoreProtocol.MKDIR, 0, data + "\0"));
      daemon.handle(dom0, request(XenStoreProtocol.SET_PERMS, 0, data + "\0n" + guest + "\0"));
    }
  }

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    StoreDaemonFuzz run = new StoreDaemonFuzz(new FuzzInput(bytes));
    for (int i = 0; i < MAX_REQUESTS && !run.input.isEmpty(); i++) {
      run.step();
    }
  }

  private void step() {
    StoreConnection connection = connections.get(input.below(connections.size()));
    replies.clear();
    int type = 1 + input.below(24);
    XenStoreFrame request =
        new XenStoreFrame(type, 7, input.below(4), input.yes() ? arguments() : input.bytes());
    daemon.handle(connection, request);
    long answers = replies.stream().filter(reply -> reply.requestId() == 7).count();
    check(answers == 1, "a request has one reply: " + answers + " to " + request);
    for (int domain = 0; domain <= 2; domain++) {
      check(daemon.tree().owned(domain) >= 0, "a domain owns no fewer than no nodes");
      check(
          domain == 0 || daemon.watches(domain) <= flavour.maxWatches(),
          "a guest has as many watches at most as its quota says");
    }
  }

  private byte[] arguments() {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    for (int i = input.below(4); i > 0; i--) {
      int choice = input.u8();
      String argument =
          choice < 128 ? PATHS[choice % PATHS.length] : ARGUMENTS[choice % ARGUMENTS.length];
      payload.writeBytes((argument + "\0").getBytes(StandardCharsets.US_ASCII));
    }
    if (input.u8() > 200) {
      payload.writeBytes(new byte[input.below(4096)]);
    }
    return payload.toByteArray();
  }

  private static XenStoreFrame request(int type, int transaction, String payload) {
    return new XenStoreFrame(type, 7, transaction, payload.getBytes(StandardCharsets.US_ASCII));
  }

  private void sent(XenStoreFrame frame) {
    check(
        frame.payload().length <= XenStoreProtocol.MAX_SOCKET_REPLY
            || frame.type() == XenStoreProtocol.WATCH_EVENT,
        "a reply fits into a frame");
    replies.add(frame);
  }
}
