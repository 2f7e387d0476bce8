package io.xenshm.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** Named values in one line: {@code nanos=12 bytes=7}. */
public final class Answer {
  private final Map<String, String> values = new LinkedHashMap<>();

  /** An answer without values. */
  public Answer() {}

  /**
   * Reads what {@link #toString} returned.
   *
   * @throws IllegalArgumentException if the text is something else
   */
  public static Answer parse(String text) {
    Answer answer = new Answer();
    for (String word : text.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        answer.values.put(word.substring(0, equals), word.substring(equals + 1));
      } else if (!word.isEmpty()) {
        throw new IllegalArgumentException("'" + word + "' in '" + text + "' is no value");
      }
    }
    return answer;
  }

  /** Adds a number. */
  public Answer with(String name, long value) {
    return with(name, Long.toString(value));
  }

  /** Adds a text without blanks. */
  public Answer with(String name, String value) {
    values.put(name, value);
    return this;
  }

  /**
   * Returns a number.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public long number(String name) {
    return Long.parseLong(text(name));
  }

  /**
   * Returns a text.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no value '" + name + "' in '" + this + "'");
    }
    return value;
  }

  /** Returns the line. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder();
    values.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    return line.toString().trim();
  }
}
