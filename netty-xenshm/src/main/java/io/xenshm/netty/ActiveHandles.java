package io.xenshm.netty;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.ArrayList;

/**
 * The handles that were used recently and are therefore looked at instead of waited for. One that
 * has nothing to do for a while arms its doorbells and leaves: so a thousand idle connections cost
 * nothing.
 */
final class ActiveHandles {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ActiveHandles.class);

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
      int done = poll(slot.handle);
      if (done > 0) {
        slot.idleLooks = 0;
        steps += done;
      } else if (++slot.idleLooks > MAX_IDLE_LOOKS && prepareToSleep(slot.handle)) {
        removeAt(i--);
      }
    }
    return steps;
  }

  /** Whatever a handle throws is the end of that handle, not of the event loop. */
  private static int poll(Pollable handle) {
    try {
      return handle.poll();
    } catch (Throwable e) {
      end(handle, e);
      return 1;
    }
  }

  private static boolean prepareToSleep(Pollable handle) {
    try {
      return handle.prepareToSleep();
    } catch (Throwable e) {
      end(handle, e);
      return true;
    }
  }

  private static void end(Pollable handle, Throwable cause) {
    try {
      handle.failed(cause);
    } catch (Throwable e) {
      logger.warn("{} failed: {}; and its end failed too", handle, cause, e);
    }
  }

  /**
   * An access to shared memory failed: has each handle find out whether it was its own.
   *
   * @return whether the memory of all of them is there
   */
  boolean checkMemory() {
    boolean there = true;
    for (Slot slot : new ArrayList<>(slots)) {
      there &= slot.handle.checkMemory();
    }
    return there;
  }

  /** Arms all doorbells; false where a handle has something to do, and is still looked at. */
  boolean prepareToSleep() {
    for (int i = slots.size() - 1; i >= 0; i--) {
      if (prepareToSleep(slots.get(i).handle)) {
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
