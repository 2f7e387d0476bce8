package io.xenshm.sim;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.Xen;

/** An event channel between two processes of this JVM. */
record EventPair(EventChannels oneChannels, int onePort, EventChannels twoChannels, int twoPort)
    implements AutoCloseable {
  private static final int SLICE_MILLIS = 100;

  /** Connects two processes; the event that binding raises is taken. */
  static EventPair connect(Xen one, Xen two) throws Exception {
    EventChannels oneChannels = one.openEventChannels();
    EventChannels twoChannels = two.openEventChannels();
    int onePort = oneChannels.bindUnbound(two.domainId());
    int twoPort = twoChannels.bindInterdomain(one.domainId(), onePort);
    await(twoChannels, twoPort);
    return new EventPair(oneChannels, onePort, twoChannels, twoPort);
  }

  void awaitEventAtOne() throws Exception {
    await(oneChannels, onePort);
  }

  void awaitEventAtTwo() throws Exception {
    await(twoChannels, twoPort);
  }

  private static void await(EventChannels channels, int port) throws Exception {
    int[] ports = new int[1];
    Await.until(
        "an event on port " + port,
        () -> {
          Posix.poll(SLICE_MILLIS, channels.fileDescriptor());
          return channels.poll(ports) == 1 && ports[0] == port;
        });
    channels.unmask(ports, 1);
  }

  @Override
  public void close() {
    oneChannels.close();
    twoChannels.close();
  }
}
