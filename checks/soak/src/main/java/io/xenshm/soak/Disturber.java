package io.xenshm.soak;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Kills, destroys and restarts what does not stay. For one thread. */
final class Disturber {
  private static final int LONGEST_ABSENCE_MILLIS = 1500;

  private final Site site;
  private final SplittableRandom random;
  private final Disturbances disturbances = new Disturbances();
  private final Map<String, Integer> counts = new TreeMap<>();
  private boolean agentIsOff;

  Disturber(Site site, SplittableRandom random) {
    this.site = site;
    this.random = random;
  }

  Disturbances disturbances() {
    return disturbances;
  }

  Map<String, Integer> counts() {
    return counts;
  }

  void disturb() throws IOException, InterruptedException {
    List<Peer> victims = site.peers().stream().filter(peer -> !peer.resident).toList();
    switch (random.nextInt(9)) {
      case 0, 1 -> toggleAgent();
      case 2, 3 -> destroyDomain();
      case 4 -> suspendDomain();
      case 5 -> restartStore();
      default -> kill(victims.get(random.nextInt(victims.size())));
    }
  }

  /** Brings the agent back, if it is away: domains that are new, and lost tables, wait for it. */
  void repair() throws IOException, InterruptedException {
    if (agentIsOff) {
      toggleAgent();
    }
  }

  private void kill(Peer peer) throws IOException, InterruptedException {
    count("process killed");
    disturbances.begin(peer, "kill");
    peer.kill();
    absence();
    peer.restart();
    disturbances.end(peer);
  }

  /** The guest goes; its processes, which the simulation leaves alone, are killed after it. */
  private void destroyDomain() throws IOException, InterruptedException {
    repair();
    count("domain destroyed");
    List<Peer> inhabitants = site.inhabitants(Site.DESTROYED);
    inhabitants.forEach(peer -> disturbances.begin(peer, "destruction"));
    site.host("destroy", Site.DESTROYED);
    for (Peer peer : inhabitants) {
      peer.kill();
    }
    absence();
    site.host("create " + site.renumber(Site.DESTROYED));
    for (Peer peer : inhabitants) {
      peer.restart();
      disturbances.end(peer);
    }
  }

  /** The guest's processes go on, in a domain of another number. */
  private void suspendDomain() throws IOException, InterruptedException {
    repair();
    count("domain suspended");
    List<Peer> inhabitants = site.inhabitants(Site.SUSPENDED);
    inhabitants.forEach(peer -> disturbances.begin(peer, "suspension"));
    site.host("suspend " + site.renumber(Site.SUSPENDED));
    inhabitants.forEach(disturbances::end);
  }

  /** Connections go on; what everybody wrote is lost, and written again. */
  private void restartStore() throws IOException, InterruptedException {
    repair();
    count("XenStore restarted");
    site.peers().forEach(peer -> disturbances.begin(peer, "XenStore's restart"));
    site.host("restart-store");
    site.peers().forEach(disturbances::end);
  }

  private void toggleAgent() throws IOException, InterruptedException {
    agentIsOff = !agentIsOff;
    if (agentIsOff) {
      count("agent killed");
      site.killAgent();
    } else {
      site.startAgent();
    }
  }

  private void absence() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_ABSENCE_MILLIS));
  }

  private void count(String what) {
    counts.merge(what, 1, Integer::sum);
  }
}
