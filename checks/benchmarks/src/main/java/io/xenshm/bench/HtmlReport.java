package io.xenshm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** One page with the tables and the plots, which needs nothing from elsewhere. */
final class HtmlReport {
  private static final String TEMPLATE = "report.html";
  private static final String CHARTS =
      "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

  private HtmlReport() {}

  static void write(Summary summary, Path file) throws IOException {
    String page =
        resource(TEMPLATE)
            .replace("@DATA@", json(summary).replace("</", "<\\/"))
            .replace("@CHART_JS@", resource(CHARTS).replace("</script", "<\\/script"));
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    Files.writeString(file, page);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the report's part " + name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String json(Summary summary) {
    return "{\"facts\":%s,\"charts\":%s,\"sections\":%s}"
        .formatted(
            array(summary.facts(), HtmlReport::text),
            array(summary.charts(), HtmlReport::chart),
            array(summary.sections(), HtmlReport::section));
  }

  private static String chart(Chart chart) {
    return "{\"title\":%s,\"bars\":%s,\"unit\":%s,\"labels\":%s,\"lines\":%s}"
        .formatted(
            text(chart.title()),
            chart.bars(),
            text(chart.unit()),
            array(chart.labels(), HtmlReport::text),
            array(
                chart.lines(),
                line ->
                    "{\"name\":%s,\"values\":%s}"
                        .formatted(text(line.name()), array(line.values(), String::valueOf))));
  }

  private static String section(Section section) {
    return "{\"title\":%s,\"note\":%s,\"columns\":%s,\"rows\":%s}"
        .formatted(
            text(section.title()),
            text(section.note()),
            array(section.columns(), HtmlReport::text),
            array(section.rows(), row -> array(row, HtmlReport::text)));
  }

  private static <T> String array(List<T> values, Function<T, String> json) {
    return values.stream().map(json).collect(Collectors.joining(",", "[", "]"));
  }

  private static String text(String value) {
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
