package io.xenshm.sim;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** A process of a guest, and what its kernel holds for it. */
final class GuestProcess {
  /** Another one after its guest was suspended and resumed. */
  Domain domain;

  final Map<Long, Holding> holdings = new LinkedHashMap<>();

  /** Ports by doorbell, which stands for an {@code EventChannels}, and number. */
  final Map<Integer, Map<Integer, Port>> channels = new LinkedHashMap<>();

  GuestProcess(Domain domain) {
    this.domain = domain;
  }

  void openChannels(int doorbell) {
    channels.put(doorbell, new TreeMap<>());
  }
}
