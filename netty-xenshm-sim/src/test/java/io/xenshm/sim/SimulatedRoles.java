package io.xenshm.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.Xen;
import io.xenshm.xen.contract.ContractRunner;
import io.xenshm.xen.contract.ContractRunner.Place;
import io.xenshm.xen.contract.ContractRunner.Role;
import io.xenshm.xen.contract.ContractScenario;
import io.xenshm.xen.contract.Exchange;
import io.xenshm.xen.contract.Side;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Plays both roles of a scenario in two domains of a simulated host of its own. */
public final class SimulatedRoles {
  private static final int FIRST = 1;
  private static final int SECOND = 2;

  private SimulatedRoles() {}

  /**
   * Plays it, and requires that it left no pages and ports.
   *
   * @throws Exception whatever made one of the roles fail
   */
  public static void play(ContractScenario scenario, XenStoreFlavour flavour) throws Exception {
    SimulatedHostConfig config =
        SimulatedHostConfig.of(TestDirectories.create(), 2).withFlavour(flavour);
    try (SimulatedHost host = SimulatedHost.start(config)) {
      BlockingQueue<String> toFirst = new LinkedBlockingQueue<>();
      BlockingQueue<String> toSecond = new LinkedBlockingQueue<>();
      FutureTask<Void> second =
          new FutureTask<>(
              () -> {
                Place place = place(host, SECOND, FIRST, new Queues(toFirst, toSecond));
                ContractRunner.play(scenario, Role.SECOND, place);
                return null;
              });
      Thread thread = new Thread(second, "second role");
      thread.start();
      Throwable failure = null;
      try {
        Place place = place(host, FIRST, SECOND, new Queues(toSecond, toFirst));
        ContractRunner.play(scenario, Role.FIRST, place);
      } catch (Exception | AssertionError e) {
        failure = e;
      }
      rethrow(failure, outcome(second));
      assertNothingIsLeft(host);
    }
  }

  private static Throwable outcome(FutureTask<Void> task) throws InterruptedException {
    try {
      task.get();
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  /** Throws the failure that came first: the other role's just tells of it. */
  private static void rethrow(Throwable first, Throwable second) throws Exception {
    Throwable cause = first == null || first instanceof Side.PeerFailedException ? second : first;
    if (cause == null) {
      cause = first;
    }
    if (cause instanceof Exception exception) {
      throw exception;
    }
    if (cause instanceof Error error) {
      throw error;
    }
  }

  private static void assertNothingIsLeft(SimulatedHost host) throws Exception {
    for (int domain : new int[] {FIRST, SECOND}) {
      DomainAccounting left = host.accounting(domain);
      assertEquals(0, left.grantedPages(), "granted pages of domain " + domain);
      assertEquals(0, left.mappedPages(), "mapped pages of domain " + domain);
      assertEquals(0, left.ports(), "ports of domain " + domain);
    }
  }

  private static Place place(SimulatedHost host, int own, int peer, Exchange exchange) {
    return new Place() {
      @Override
      public Xen open() throws Exception {
        return SimulatedXen.open(host.directory(), own);
      }

      @Override
      public int peerDomain() {
        return peer;
      }

      @Override
      public Exchange exchange() {
        return exchange;
      }
    };
  }

  private static final class Queues implements Exchange {
    private final BlockingQueue<String> out;
    private final BlockingQueue<String> in;

    Queues(BlockingQueue<String> out, BlockingQueue<String> in) {
      this.out = out;
      this.in = in;
    }

    @Override
    public void send(String message) throws InterruptedException {
      out.put(message);
    }

    @Override
    public String receive(long timeoutMillis) throws InterruptedException {
      return in.poll(timeoutMillis, TimeUnit.MILLISECONDS);
    }
  }
}
