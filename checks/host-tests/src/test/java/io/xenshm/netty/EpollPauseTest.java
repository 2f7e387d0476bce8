package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class EpollPauseTest {
  @Test
  void isShortWhereAskingIsFast() {
    assertEquals(30_000, XenShmIoHandler.pauseAfter(400));
  }

  @Test
  void keepsAskingASmallPartOfTheTimeWhereItIsSlow() {
    assertEquals(300_000, XenShmIoHandler.pauseAfter(20_000));
  }

  @Test
  void isNeverLongerThanAMillisecond() {
    assertEquals(1_000_000, XenShmIoHandler.pauseAfter(500_000_000));
  }
}
