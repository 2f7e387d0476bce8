package io.xenshm.soak;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What the host, its domains and the processes that stay hold, while they serve and no connection
 * is open, and while their event loops have ended.
 *
 * @param serving by whom, while all serve; pages that are kept for the next connection are left out
 * @param resting by whom, while nobody serves
 */
record Accounts(Map<String, String> serving, Map<String, String> resting) {
  private static final int PATIENCE_SECONDS = 90;
  private static final int PERIOD_MILLIS = 250;

  /** Counts are taken when so many looks in a row saw the same. */
  private static final int STEADY_LOOKS = 8;

  static Accounts take(Site site, Findings findings) throws IOException, InterruptedException {
    final Map<String, String> serving = steady(site, findings);
    for (Peer peer : site.peers()) {
      peer.ask("rest");
    }
    final Map<String, String> resting = steady(site, findings);
    for (int place = 1; place <= Site.DOMAINS; place++) {
      String held = resting.get("domain " + place);
      if (!held.contains("grantedPages=0, deferredPages=0, mappedPages=0, ports=0")) {
        findings.add("without event loops, domain " + place + " holds " + held);
      }
    }
    for (Peer peer : site.peers()) {
      peer.ask("resume " + peer.domain());
    }
    return new Accounts(serving, resting);
  }

  void compareWith(Accounts before, Findings findings) {
    compare("serving", before.serving, serving, findings);
    compare("resting", before.resting, resting, findings);
  }

  private static void compare(
      String when, Map<String, String> before, Map<String, String> after, Findings findings) {
    before.forEach(
        (who, held) -> {
          boolean equal = held.equals(after.get(who));
          String text = when + ", " + who + " holds " + after.get(who);
          Soak.say(equal ? "equal  " + text : "OTHER  " + text + ", before: " + held);
          if (!equal) {
            findings.add(text + ", before: " + held);
          }
        });
  }

  private static Map<String, String> steady(Site site, Findings findings)
      throws IOException, InterruptedException {
    Map<String, String> last = Map.of();
    int same = 0;
    for (int i = 0; i < PATIENCE_SECONDS * 1000 / PERIOD_MILLIS; i++) {
      Map<String, String> now = look(site);
      same = now.equals(last) && isIdle(now) ? same + 1 : 0;
      if (same == STEADY_LOOKS) {
        return now;
      }
      last = now;
      TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
    }
    findings.add("counts do not settle within " + PATIENCE_SECONDS + " s: " + last);
    return last;
  }

  /** A port is kept after its connection until the peer has unmapped the memory, or is gone. */
  private static boolean isIdle(Map<String, String> held) {
    return held.values().stream()
        .allMatch(
            each ->
                (!each.contains("ports=") || each.contains("ports=0,"))
                    && (!each.contains("connections=")
                        || (each.contains("connections=0 ") && each.endsWith("buffers=0"))));
  }

  private static Map<String, String> look(Site site) throws IOException, InterruptedException {
    Map<String, String> held = new LinkedHashMap<>();
    held.put("host", site.host("stat"));
    boolean serving = false;
    for (Peer peer : site.peers()) {
      if (peer.resident) {
        String stat = peer.ask("stat");
        serving |= stat.contains("connections=");
        held.put(peer.toString(), stat);
      }
    }
    for (int place = 1; place <= Site.DOMAINS; place++) {
      String account = site.host("accounting", place);
      if (!serving) {
        held.put("XenStore of domain " + place, site.host("nodes", place));
      }
      held.put(
          "domain " + place, serving ? account.replaceFirst("grantedPages=\\d+, ", "") : account);
    }
    return held;
  }
}
