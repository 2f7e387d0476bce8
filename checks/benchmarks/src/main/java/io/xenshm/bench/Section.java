package io.xenshm.bench;

import java.util.List;

/**
 * A table of the report.
 *
 * @param note what the reader must know of it
 * @param columns headings; the first column is text, the others are numbers
 * @param rows as many cells as there are columns
 */
record Section(String title, String note, List<String> columns, List<List<String>> rows) {

  /** Returns the table as lines of text. */
  String text() {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      int column = i;
      widths[i] =
          Math.max(
              columns.get(i).length(),
              rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }
    StringBuilder text = new StringBuilder(title).append('\n');
    line(text, columns, widths);
    rows.forEach(row -> line(text, row, widths));
    return note.isEmpty() ? text.toString() : text.append(note).append('\n').toString();
  }

  private static void line(StringBuilder text, List<String> cells, int[] widths) {
    for (int i = 0; i < widths.length; i++) {
      String pad = " ".repeat(widths[i] - cells.get(i).length());
      text.append("  ").append(i == 0 ? cells.get(i) + pad : pad + cells.get(i));
    }
    while (text.charAt(text.length() - 1) == ' ') {
      text.setLength(text.length() - 1);
    }
    text.append('\n');
  }
}
