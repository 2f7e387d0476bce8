package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What one handle throws ends that handle, and no other. */
class ActiveHandlesTest {

  /** Throws what it is told to. */
  private static class Handle implements Pollable {
    private final Error error;
    private Throwable told;
    private int calls;

    Handle(Error error) {
      this.error = error;
    }

    private void call() {
      calls++;
      if (error != null) {
        throw error;
      }
    }

    @Override
    public int poll() {
      call();
      return 0;
    }

    @Override
    public boolean prepareToSleep() {
      call();
      return true;
    }

    @Override
    public void failed(Throwable cause) {
      told = cause;
      call();
    }

    @Override
    public long spinNanos() {
      return 0;
    }

    @Override
    public int peerDomain() {
      return 1;
    }

    @Override
    public boolean checkMemory() {
      return error == null;
    }
  }

  private final Handle failing = new Handle(new StackOverflowError("of a handle"));
  private final Handle other = new Handle(null);
  private final ActiveHandles active = new ActiveHandles();

  private void addBoth() {
    active.add(new ActiveHandles.Slot(failing));
    active.add(new ActiveHandles.Slot(other));
  }

  @Test
  void aHandleThatThrowsWhenItIsLookedAtIsEndedAndTheOthersAreLookedAt() {
    addBoth();

    active.poll();

    assertSame(failing.error, failing.told);
    assertEquals(1, other.calls);
  }

  @Test
  void aHandleThatThrowsBeforeItSleepsIsEndedAndTheOthersSleep() {
    addBoth();

    assertTrue(active.prepareToSleep());

    assertSame(failing.error, failing.told);
    assertEquals(1, other.calls);
  }

  @Test
  void theMemoryOfAllIsThereOrNot() {
    active.add(new ActiveHandles.Slot(other));
    assertTrue(active.checkMemory());

    addBoth();
    assertFalse(active.checkMemory());
  }
}
