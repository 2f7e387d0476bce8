package io.xenshm.netty;

import io.netty.channel.ChannelOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The options that a configuration has beyond Netty's default ones, each with how to get and set
 * it.
 */
final class OptionTable {
  private record Accessor<T>(Supplier<T> getter, Consumer<T> setter) {}

  private final Map<ChannelOption<?>, Accessor<?>> accessors = new LinkedHashMap<>();

  <T> OptionTable with(ChannelOption<T> option, Supplier<T> getter, Consumer<T> setter) {
    accessors.put(option, new Accessor<>(getter, setter));
    return this;
  }

  boolean has(ChannelOption<?> option) {
    return accessors.containsKey(option);
  }

  <T> T get(ChannelOption<T> option) {
    return accessor(option).getter.get();
  }

  <T> void set(ChannelOption<T> option, T value) {
    accessor(option).setter.accept(value);
  }

  @SuppressWarnings("unchecked") // with() is the only way in, and takes equal types
  private <T> Accessor<T> accessor(ChannelOption<T> option) {
    return (Accessor<T>) accessors.get(option);
  }

  ChannelOption<?>[] options() {
    return accessors.keySet().toArray(new ChannelOption<?>[0]);
  }
}
