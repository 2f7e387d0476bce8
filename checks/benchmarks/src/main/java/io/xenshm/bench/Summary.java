package io.xenshm.bench;

import io.xenshm.bench.Results.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** The tables and plots that the values of all rounds make. */
final class Summary {
  private static final double[] PAPER_MEGABITS = {278, 624, 2366, 1893, 2054};
  private static final double BITS = 8;
  private static final int MIDDLE_SIZE = 16 * 1024;
  private static final int LATENCY_SIZE = 64;
  private static final double[] PERCENTILES = {1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99};

  private static final List<String> ORDER =
      Stream.concat(
              Stream.of(Transport.XENSHM.label(), Round.WITHOUT_SPINNING, Round.WITH_RECVMMSG),
              Arrays.stream(Transport.values()).skip(1).map(Transport::label))
          .toList();

  private final List<String> facts;
  private final Results results;

  /**
   * A summary.
   *
   * @param facts what is to be known of machine and run
   */
  Summary(List<String> facts, Results results) {
    this.facts = List.copyOf(facts);
    this.results = results;
  }

  List<String> facts() {
    return facts;
  }

  /** Returns the tables, without those of which nothing was measured. */
  List<Section> sections() {
    List<Section> all = new ArrayList<>();
    all.add(paper());
    all.add(
        table(
            "Stream, one flush a write: MB/s by bytes of a write",
            "medians; 1 MB = 1,000,000 bytes",
            Benchmark.STREAM,
            Metric.MEGABYTES_PER_SECOND,
            "%.0f"));
    all.add(spread());
    all.add(ratios("Stream: times that of ...", Benchmark.STREAM, Metric.MEGABYTES_PER_SECOND));
    all.add(
        table(
            "Stream that goes on in the middle of a flush: MB/s by bytes of a write",
            "flushes in the middle of a flush do nothing: as many writes as wait are one",
            Benchmark.NESTED,
            Metric.MEGABYTES_PER_SECOND,
            "%.0f"));
    all.add(
        table(
            "Stream, one flush for 64 KiB of writes: MB/s by bytes of a write",
            "",
            Benchmark.CONSOLIDATED,
            Metric.MEGABYTES_PER_SECOND,
            "%.0f"));
    all.add(
        table(
            "Round trip, median: \u00b5s by bytes of a message",
            "",
            Benchmark.PING,
            Metric.P50,
            "%.2f"));
    all.add(
        table(
            "Round trip, 99 of 100 at most: \u00b5s by bytes of a message",
            "",
            Benchmark.PING,
            Metric.P99,
            "%.2f"));
    all.add(ratios("Round trip, median: times that of ...", Benchmark.PING, Metric.P50));
    all.add(fallback());
    all.add(
        table(
            "Datagrams: packets that arrived in a second, by bytes of a packet",
            "epoll is UDP on the loopback interface; Agrona's sender waits for room",
            Benchmark.DATAGRAM,
            Metric.PACKETS_PER_SECOND,
            "%.0f"));
    all.add(ratios("Datagrams: times that of ...", Benchmark.DATAGRAM, Metric.PACKETS_PER_SECOND));
    all.add(
        table(
            "Datagrams: of 100 packets that were sent, how many did not arrive",
            "the sender does not wait",
            Benchmark.DATAGRAM,
            Metric.LOSS,
            "%.1f"));
    all.add(
        table(
            "Connections made and closed in a second, by how many at a time",
            "connect, a request, an answer, close",
            Benchmark.CONNECT,
            Metric.PER_SECOND,
            "%.0f"));
    all.add(
        table(
            "A connect, median in microseconds, by how many at a time",
            "until the channel is active",
            Benchmark.CONNECT,
            Metric.P50,
            "%.1f"));
    all.add(
        table(
            "One busy connection among idle ones, 16 KiB writes: MB/s by all connections",
            BenchHost.raisedLimits(),
            Benchmark.MANY,
            Metric.MEGABYTES_PER_SECOND,
            "%.0f"));
    all.add(
        table(
            "Processor time of both processes with idle connections, 1 is one processor",
            "",
            Benchmark.IDLE,
            Metric.IDLE_CPU,
            "%.4f"));
    all.add(allocation());
    all.add(systemCalls());
    all.add(cpu("client", Metric.CLIENT_CPU));
    all.add(cpu("server", Metric.SERVER_CPU));
    return all.stream().filter(section -> !section.rows().isEmpty()).toList();
  }

  /** Returns the plots, without those of which nothing was measured. */
  List<Chart> charts() {
    List<Chart> all = new ArrayList<>();
    all.add(
        lines("Stream, one flush a write", "MB/s", Benchmark.STREAM, Metric.MEGABYTES_PER_SECOND));
    all.add(latency());
    all.add(roles());
    return all.stream().filter(chart -> !chart.lines().isEmpty()).toList();
  }

  private Section paper() {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < PAPER_MEGABITS.length; i++) {
      int size = Round.STREAM_SIZES[i];
      OptionalDouble ours = stream(Transport.XENSHM, size);
      if (ours.isPresent()) {
        rows.add(
            List.of(
                bytes(size),
                cell(OptionalDouble.of(PAPER_MEGABITS[i]), "%.0f"),
                "about 100",
                cell(scale(ours, BITS), "%.0f"),
                cell(scale(stream(Transport.EPOLL, size), BITS), "%.0f")));
      }
    }
    return new Section(
        "The paper's Table 1 and ours: Mbit/s by bytes of a write",
        "The paper's figures are of its own machine and of Xen; ours of the simulated host on this"
            + " one. They show the shape, not a race.",
        List.of("write", "paper", "paper, Xen's network", "xenshm", "TCP loopback (epoll)"),
        rows);
  }

  private Section table(
      String title, String note, Benchmark benchmark, Metric metric, String form) {
    List<String> series = results.series(benchmark, ORDER);
    List<List<String>> rows = new ArrayList<>();
    for (int parameter : results.parameters(benchmark)) {
      List<String> row = new ArrayList<>(List.of(bytes(parameter)));
      for (String name : series) {
        row.add(cell(results.median(new Subject(benchmark, name, parameter), metric), form));
      }
      rows.add(row);
    }
    return new Section(title, note, heading("", series), rows);
  }

  private Section cpu(String role, Metric metric) {
    return table(
        "Processor time of the " + role + "'s event loop during a stream, 1 is one processor",
        "",
        Benchmark.STREAM,
        metric,
        "%.2f");
  }

  private Section allocation() {
    return perMessage(
        "Heap bytes that the event loops allocate for a message",
        "of the whole pipeline; the server's with what the connection itself takes, divided by the messages",
        Metric.CLIENT_ALLOCATION,
        Metric.SERVER_ALLOCATION,
        "%.2f");
  }

  private Section systemCalls() {
    return perMessage(
        "Reads, writes and sleeps of the event loops for a message",
        "as Linux counts them for each thread; those that only ask epoll are not among them",
        Metric.CLIENT_CALLS,
        Metric.SERVER_CALLS,
        "%.4f");
  }

  private Section perMessage(String title, String note, Metric client, Metric server, String form) {
    List<String> series = results.series(Benchmark.PING, ORDER);
    if (series.isEmpty()) {
      series = results.series(Benchmark.STREAM, ORDER);
    }
    List<List<String>> rows = new ArrayList<>();
    for (Metric metric : List.of(client, server)) {
      String role = metric == client ? "client" : "server";
      for (int size : results.parameters(Benchmark.STREAM)) {
        String label = "stream of %s B, %s".formatted(bytes(size), role);
        perMessage(rows, label, new Column(Benchmark.STREAM, size, metric), series, form);
      }
      String label = "round trip of %s B, %s".formatted(bytes(LATENCY_SIZE), role);
      perMessage(rows, label, new Column(Benchmark.PING, LATENCY_SIZE, metric), series, form);
    }
    return new Section(title, note, heading("", series), rows);
  }

  private record Column(Benchmark benchmark, int parameter, Metric metric) {}

  private void perMessage(
      List<List<String>> rows, String label, Column column, List<String> series, String form) {
    if (results.parameters(column.benchmark).contains(column.parameter)) {
      List<String> row = new ArrayList<>(List.of(label));
      for (String name : series) {
        Subject subject = new Subject(column.benchmark, name, column.parameter);
        row.add(cell(results.median(subject, column.metric), form));
      }
      rows.add(row);
    }
  }

  private Section spread() {
    List<List<String>> rows = new ArrayList<>();
    List<String> series = results.series(Benchmark.STREAM, ORDER);
    for (int size : results.parameters(Benchmark.STREAM)) {
      List<String> row = new ArrayList<>(List.of(bytes(size)));
      for (String name : series) {
        double[] sorted =
            results.sorted(new Subject(Benchmark.STREAM, name, size), Metric.MEGABYTES_PER_SECOND);
        row.add(
            sorted.length == 0 ? "-" : "%.0f-%.0f".formatted(sorted[0], sorted[sorted.length - 1]));
      }
      rows.add(row);
    }
    return new Section(
        "Stream, one flush a write: MB/s, worst and best round", "", heading("", series), rows);
  }

  private Section ratios(String title, Benchmark benchmark, Metric metric) {
    List<String> others =
        results.series(benchmark, ORDER).stream()
            .filter(name -> !name.equals(Transport.XENSHM.label()))
            .toList();
    List<List<String>> rows = new ArrayList<>();
    for (int parameter : results.parameters(benchmark)) {
      OptionalDouble ours =
          results.median(new Subject(benchmark, Transport.XENSHM.label(), parameter), metric);
      if (ours.isPresent() && !others.isEmpty()) {
        List<String> row = new ArrayList<>(List.of(bytes(parameter)));
        for (String name : others) {
          OptionalDouble other = results.median(new Subject(benchmark, name, parameter), metric);
          row.add(other.isEmpty() ? "-" : cell(scale(ours, 1 / other.getAsDouble()), "%.2f"));
        }
        rows.add(row);
      }
    }
    return new Section(title, "xenshm divided by the other one", heading("", others), rows);
  }

  /** What it costs that a channel could take shared memory where it takes TCP. */
  private Section fallback() {
    List<List<String>> rows = new ArrayList<>();
    fallback(rows, Benchmark.STREAM, Metric.MEGABYTES_PER_SECOND, "throughput of a stream, ");
    fallback(rows, Benchmark.PING, Metric.P50, "time of a round trip, ");
    return new Section(
        "TCP by this project's channel, times Netty's epoll channel",
        "geometric mean of the rounds' ratios, and the interval that holds it with 95 %",
        List.of("", "ratio", "from", "to"),
        rows);
  }

  private void fallback(List<List<String>> rows, Benchmark benchmark, Metric metric, String what) {
    for (int parameter : results.parameters(benchmark)) {
      double[] ours =
          results.values(new Subject(benchmark, Transport.XENSHM_TCP.label(), parameter), metric);
      double[] epoll =
          results.values(new Subject(benchmark, Transport.EPOLL.label(), parameter), metric);
      if (ours.length > 1 && ours.length == epoll.length) {
        PairedRatio ratio = PairedRatio.of(ours, epoll);
        rows.add(
            List.of(
                what + bytes(parameter),
                cell(OptionalDouble.of(ratio.mean()), "%.3f"),
                cell(OptionalDouble.of(ratio.low()), "%.3f"),
                cell(OptionalDouble.of(ratio.high()), "%.3f")));
      }
    }
  }

  private Chart lines(String title, String unit, Benchmark benchmark, Metric metric) {
    List<Integer> parameters = results.parameters(benchmark);
    List<Chart.Line> lines =
        results.series(benchmark, ORDER).stream()
            .map(
                name ->
                    new Chart.Line(
                        name,
                        parameters.stream()
                            .map(p -> results.median(new Subject(benchmark, name, p), metric))
                            .map(Summary::orNull)
                            .toList()))
            .toList();
    return new Chart(title, false, unit, parameters.stream().map(Summary::bytes).toList(), lines);
  }

  private Chart latency() {
    List<Chart.Line> lines = new ArrayList<>();
    for (String name : results.series(Benchmark.PING, ORDER)) {
      var histogram = results.histogram(new Subject(Benchmark.PING, name, LATENCY_SIZE));
      if (histogram != null) {
        lines.add(
            new Chart.Line(
                name,
                Arrays.stream(PERCENTILES)
                    .mapToObj(percentile -> histogram.getValueAtPercentile(percentile) / 1e3)
                    .toList()));
      }
    }
    return new Chart(
        "Round trip of 64 B, distribution",
        false,
        "\u00b5s",
        Arrays.stream(PERCENTILES).mapToObj(p -> p + " %").toList(),
        lines);
  }

  private Chart roles() {
    List<String> series = results.series(Benchmark.STREAM, ORDER);
    if (series.isEmpty()) {
      return new Chart("", true, "", List.of(), List.of());
    }
    return new Chart(
        "Processor time of the event loops, stream of 16 KiB writes",
        true,
        "processors",
        series,
        List.of(
            new Chart.Line("client, which sends", shares(series, Metric.CLIENT_CPU)),
            new Chart.Line("server, which receives", shares(series, Metric.SERVER_CPU))));
  }

  private List<Double> shares(List<String> series, Metric metric) {
    List<Double> shares = new ArrayList<>();
    for (String name : series) {
      shares.add(orNull(results.median(new Subject(Benchmark.STREAM, name, MIDDLE_SIZE), metric)));
    }
    return shares;
  }

  private OptionalDouble stream(Transport transport, int size) {
    return results.median(
        new Subject(Benchmark.STREAM, transport.label(), size), Metric.MEGABYTES_PER_SECOND);
  }

  private static List<String> heading(String first, List<String> others) {
    return Stream.concat(Stream.of(first), others.stream()).toList();
  }

  private static OptionalDouble scale(OptionalDouble value, double factor) {
    return value.isPresent() ? OptionalDouble.of(value.getAsDouble() * factor) : value;
  }

  private static Double orNull(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }

  private static String cell(OptionalDouble value, String form) {
    return value.isPresent() ? String.format(Locale.ROOT, form, value.getAsDouble()) : "-";
  }

  private static String bytes(int number) {
    return number >= 1024 && number % 1024 == 0 ? number / 1024 + " Ki" : Integer.toString(number);
  }
}
