package io.xenshm.netty;

import io.xenshm.testing.ForwardingXen;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A back end whose XenStore answers when a test wants it to. */
final class SlowXenStore extends ForwardingXen {
  private final XenStore store;
  private final XenStore slow;
  private final List<Runnable> waiting = new ArrayList<>(); // this
  private boolean held; // this
  private boolean away; // this

  SlowXenStore(Xen xen) {
    super(xen);
    store = xen.xenStore();
    slow =
        (XenStore)
            Proxy.newProxyInstance(
                XenStore.class.getClassLoader(),
                new Class<?>[] {XenStore.class},
                (proxy, method, arguments) -> request(method, arguments));
  }

  @Override
  public XenStore xenStore() {
    return slow;
  }

  /** Requests wait from now on. */
  synchronized void hold() {
    held = true;
  }

  /** Requests fail from now on, as without a connection. */
  synchronized void disconnect() {
    away = true;
  }

  /** Requests are answered again, those first that waited. */
  void answer() {
    List<Runnable> released;
    synchronized (this) {
      held = false;
      away = false;
      released = new ArrayList<>(waiting);
      waiting.clear();
    }
    released.forEach(Runnable::run);
  }

  private Object request(Method method, Object[] arguments) throws Exception {
    if (method.getReturnType() != CompletableFuture.class) {
      return invoke(method, arguments);
    }
    synchronized (this) {
      if (away) {
        return CompletableFuture.failedFuture(
            new XenStoreException(Code.DISCONNECTED, "not connected to XenStore, says the test"));
      }
      if (held) {
        CompletableFuture<Object> result = new CompletableFuture<>();
        waiting.add(() -> forward(method, arguments, result));
        return result;
      }
    }
    return invoke(method, arguments);
  }

  private void forward(Method method, Object[] arguments, CompletableFuture<Object> result) {
    try {
      ((CompletableFuture<?>) invoke(method, arguments))
          .whenComplete(
              (value, failure) -> {
                if (failure == null) {
                  result.complete(value);
                } else {
                  result.completeExceptionally(failure);
                }
              });
    } catch (Exception e) {
      result.completeExceptionally(e);
    }
  }

  private Object invoke(Method method, Object[] arguments) throws Exception {
    try {
      return method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
