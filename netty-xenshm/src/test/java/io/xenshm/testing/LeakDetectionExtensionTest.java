package io.xenshm.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

class LeakDetectionExtensionTest {

  @Test
  void classThatLeaksBufferFailsWithRecordsThatNameIt() {
    TestExecutionSummary summary = run(LeakingCase.class);

    assertEquals(1, summary.getTestsSucceededCount());
    List<String> failures =
        summary.getFailures().stream().map(f -> f.getException().getMessage()).toList();
    assertEquals(1, failures.size(), failures::toString);
    assertTrue(failures.get(0).contains(LeakingCase.HINT), failures::toString);
    assertTrue(failures.get(0).contains(LeakingCase.class.getName()), failures::toString);
  }

  @Test
  void classThatReleasesItsBuffersPasses() {
    TestExecutionSummary summary = run(TidyCase.class);

    assertEquals(1, summary.getTestsSucceededCount());
    assertEquals(List.of(), summary.getFailures());
  }

  private static TestExecutionSummary run(Class<?> testClass) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request().selectors(selectClass(testClass)).build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    return listener.getSummary();
  }

  static class LeakingCase {
    static final String HINT = "leaked on purpose";

    @Test
    void leaks() {
      ByteBuf buffer = ByteBufAllocator.DEFAULT.buffer(16);
      buffer.touch(HINT);
    }
  }

  static class TidyCase {
    @Test
    void releases() {
      assertTrue(ByteBufAllocator.DEFAULT.buffer(16).release());
    }
  }
}
