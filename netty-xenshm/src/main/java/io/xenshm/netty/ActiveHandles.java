package io.xenshm.netty;

import java.util.ArrayList;

/**
 * The handles that were used recently and are therefore looked at instead of waited for. One that
 * has nothing to do for a while arms its doorbells and leaves: so a thousand idle connections cost
 * nothing.
 */
final class ActiveHandles {
  /** Looks without work after which a handle leaves while others are busy. */
  private static final int MAX_IDLE_LOOKS = 256;

  /** A handle's place among the active ones. */
  static final class Slot {
    private final Pollable handle;
    private boolean active;
    private int idleLooks;

    Slot(Pollable handle) {
      this.handle = handle;
    }
  }

  private final ArrayList<Slot> slots = new ArrayList<>();

  boolean isEmpty() {
    return slots.isEmpty();
  }

  /** Has a handle looked at. */
  void add(Slot slot) {
    slot.idleLooks = 0;
    if (!slot.active) {
      slot.active = true;
      slots.add(slot);
    }
  }

  /** Has a handle looked at no more. Not while handles are looked at. */
  void remove(Slot slot) {
    if (slot.active) {
      removeAt(slots.indexOf(slot));
    }
  }

  /** Looks at all handles once; returns the steps of work they did. */
  int poll() {
    int steps = 0;
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      int done = slot.handle.poll();
      if (done > 0) {
        slot.idleLooks = 0;
        steps += done;
      } else if (++slot.idleLooks > MAX_IDLE_LOOKS && slot.handle.prepareToSleep()) {
        removeAt(i--);
      }
    }
    return steps;
  }

  /** An access to shared memory failed: has each handle find out whether it was its own. */
  void checkMemory() {
    for (Slot slot : new ArrayList<>(slots)) {
      slot.handle.checkMemory();
    }
  }

  /** Arms all doorbells; false where a handle has something to do, and is still looked at. */
  boolean prepareToSleep() {
    for (int i = slots.size() - 1; i >= 0; i--) {
      if (slots.get(i).handle.prepareToSleep()) {
        removeAt(i);
      }
    }
    return slots.isEmpty();
  }

  /** Returns the longest time that a handle wants to be looked at, in nanoseconds. */
  long spinNanos() {
    long longest = 0;
    for (int i = 0; i < slots.size(); i++) {
      longest = Math.max(longest, slots.get(i).handle.spinNanos());
    }
    return longest;
  }

  /** Says whether handles of other domains than the given one are looked at. */
  boolean hasOthersThan(int domain) {
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).handle.peerDomain() != domain) {
        return true;
      }
    }
    return false;
  }

  private void removeAt(int index) {
    slots.get(index).active = false;
    Slot last = slots.remove(slots.size() - 1);
    if (index < slots.size()) {
      slots.set(index, last);
    }
  }
}
