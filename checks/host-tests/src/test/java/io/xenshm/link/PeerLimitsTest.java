package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import io.xenshm.link.PeerLimits.Lease;
import io.xenshm.xen.XenLimitException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerLimitsTest {
  private static final int DOMAIN = 3;
  private static final int OTHER = 4;

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);

  private PeerLimits limits(PeerLimit limit, int value) {
    System.setProperty(limit.property(), Integer.toString(value));
    return new PeerLimits(now::get, new PeerWarnings(new EmbeddedChannel().eventLoop()));
  }

  @AfterEach
  void forgetProperties() {
    for (PeerLimit limit : PeerLimit.values()) {
      System.clearProperty(limit.property());
    }
  }

  private static void assertReached(PeerLimit limit, int value, PeerLimits limits, int pages) {
    long before = PeerLimits.reached(limit);
    XenLimitException failure =
        assertThrows(XenLimitException.class, () -> limits.grant(DOMAIN, pages));
    for (String part :
        new String[] {"domain " + DOMAIN, "limit of " + value + " ", limit.property()}) {
      assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }
    assertEquals(before + 1, PeerLimits.reached(limit));
  }

  @Test
  void aDomainHasSoManyConnectionsAndOthersTheirOwn() throws Exception {
    PeerLimits limits = limits(PeerLimit.CONNECTIONS, 2);
    limits.map(DOMAIN, 1);
    Lease second = limits.grant(DOMAIN, 1);

    assertReached(PeerLimit.CONNECTIONS, 2, limits, 1);
    limits.map(OTHER, 1);
    second.end();
    second.end();
    limits.map(DOMAIN, 1);
    assertReached(PeerLimit.CONNECTIONS, 2, limits, 1);
  }

  @Test
  void mappedAndGrantedPagesOfADomainCountTogether() throws Exception {
    PeerLimits limits = limits(PeerLimit.PAGES, 10);
    Lease mapped = limits.map(DOMAIN, 6);
    limits.grant(DOMAIN, 4);

    assertReached(PeerLimit.PAGES, 10, limits, 1);
    mapped.end();
    limits.grant(DOMAIN, 6);
  }

  @Test
  void pagesThatADomainDoesNotUnmapCountAfterAMoment() throws Exception {
    PeerLimits limits = limits(PeerLimit.HELD_PAGES, 10);
    Lease closed = limits.grant(DOMAIN, 9);
    closed.hold();
    limits.grant(DOMAIN, 9);

    now.addAndGet(PeerLimits.GRACE_NANOS);
    assertReached(PeerLimit.HELD_PAGES, 10, limits, 2);
    limits.grant(DOMAIN, 1);
    limits.map(DOMAIN, 100);
    limits.grant(OTHER, 9);

    now.addAndGet(10 * PeerLimits.FORGET_NANOS);
    assertReached(PeerLimit.HELD_PAGES, 10, limits, 2);
    closed.end();
    limits.grant(DOMAIN, 9);
  }

  @Test
  void pagesOfOffersThatNobodyAnsweredCountAtOnceAndForAWhile() throws Exception {
    PeerLimits limits = limits(PeerLimit.HELD_PAGES, 10);
    limits.grant(DOMAIN, 9).holdForAWhile();

    assertReached(PeerLimit.HELD_PAGES, 10, limits, 2);
    now.addAndGet(PeerLimits.FORGET_NANOS - 1);
    assertReached(PeerLimit.HELD_PAGES, 10, limits, 2);
    now.incrementAndGet();
    limits.grant(DOMAIN, 9);
  }

  @Test
  void aDomainThatIsGoneHoldsNothing() throws Exception {
    PeerLimits limits = limits(PeerLimit.HELD_PAGES, 10);
    limits.grant(DOMAIN, 9).holdForAWhile();

    limits.forget(DOMAIN);

    limits.grant(DOMAIN, 9);
  }

  @Test
  void linksThatEndAfterTheirDomainIsGoneDoNotCountForTheNextOneWithItsNumber() throws Exception {
    PeerLimits limits = limits(PeerLimit.HELD_PAGES, 10);
    Lease late = limits.grant(DOMAIN, 9);

    limits.forget(DOMAIN);
    late.holdForAWhile();

    limits.grant(DOMAIN, 9);
  }

  @Test
  void aDomainThatMayLiveStillKeepsItsAccount() throws Exception {
    PeerLimits limits = limits(PeerLimit.HELD_PAGES, 10);
    limits.grant(DOMAIN, 9).holdForAWhile();

    limits.forgetIfIdle(DOMAIN);

    assertReached(PeerLimit.HELD_PAGES, 10, limits, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "many", "1.5", "9999999999"})
  void aLimitThatIsNoCountIsNamed(String value) {
    System.setProperty(PeerLimit.PAGES.property(), value);
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> new PeerLimits(now::get, new PeerWarnings(new EmbeddedChannel().eventLoop())));
    assertTrue(
        failure.getMessage().contains(PeerLimit.PAGES.property())
            && failure.getMessage().contains("'" + value + "'"),
        failure.getMessage());
  }
}
