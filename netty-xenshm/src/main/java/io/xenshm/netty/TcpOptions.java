package io.xenshm.netty;

import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Options of a TCP socket, kept until there is one, and forwarded to it from then on. Where the
 * connection takes shared memory, they are kept and mean nothing. May be used from any thread.
 */
final class TcpOptions {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(TcpOptions.class);

  private final Set<ChannelOption<?>> known;
  private final Map<ChannelOption<?>, Object> defaults;
  private final Map<ChannelOption<?>, Object> kept = new ConcurrentHashMap<>();
  private volatile ChannelConfig socket;

  /**
   * Creates it.
   *
   * @param known the options beside those with a default
   * @param defaults what an option that nobody set is while there is no socket
   */
  TcpOptions(Set<ChannelOption<?>> known, Map<ChannelOption<?>, Object> defaults) {
    this.known = known;
    this.defaults = defaults;
  }

  boolean has(ChannelOption<?> option) {
    return defaults.containsKey(option)
        || known.contains(option)
        || option instanceof IntegerUnixChannelOption
        || option instanceof RawUnixChannelOption;
  }

  /** Returns an option's value; {@code null} where only a socket could tell, and there is none. */
  @SuppressWarnings("unchecked") // set() is the only way in, and takes equal types
  <T> T get(ChannelOption<T> option) {
    ChannelConfig config = socket;
    if (config != null) {
      return config.getOption(option);
    }
    Object value = kept.get(option);
    return (T) (value == null ? defaults.get(option) : value);
  }

  /**
   * Sets an option.
   *
   * @return false where the socket does not know it
   */
  <T> boolean set(ChannelOption<T> option, T value) {
    option.validate(value);
    ChannelConfig config = socket;
    if (config != null) {
      return config.setOption(option, value);
    }
    kept.put(option, value);
    return true;
  }

  /** Sets a socket's options, and forwards to it from now on. */
  void forwardTo(ChannelConfig config) {
    for (Map.Entry<ChannelOption<?>, Object> entry : kept.entrySet()) {
      apply(config, entry.getKey(), entry.getValue());
    }
    socket = config;
  }

  @SuppressWarnings("unchecked")
  private static <T> void apply(ChannelConfig config, ChannelOption<T> option, Object value) {
    try {
      if (!config.setOption(option, (T) value)) {
        logger.warn("TCP socket does not know the option {}", option);
      }
    } catch (RuntimeException e) {
      logger.warn("TCP socket does not take the option {} = {}", option, value, e);
    }
  }

  /** Returns the options that always have a value. */
  ChannelOption<?>[] options() {
    return defaults.keySet().toArray(new ChannelOption<?>[0]);
  }
}
