package io.xenshm.examples.frameworks;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLException;

/** Whether an example encrypts, and the files for it: a certificate that clients trust, its key. */
public final class Tls {
  private final Path directory;

  private Tls(Path directory) {
    this.directory = directory;
  }

  /** Returns plain text. */
  public static Tls off() {
    return new Tls(null);
  }

  /** Returns encryption with the files that {@link #create} wrote. */
  public static Tls in(Path directory) {
    return new Tls(directory);
  }

  /**
   * Makes a key and a self-signed certificate, and writes both to a directory.
   *
   * @param address the server's IP address, for which the certificate is
   */
  public static Tls create(Path directory, String address) throws IOException {
    Tls tls = new Tls(directory);
    SelfSigned.write(address, tls.certificate().toPath(), tls.key().toPath());
    return tls;
  }

  /** Returns whether to encrypt. */
  public boolean isOn() {
    return directory != null;
  }

  /** Returns the directory of the files; {@code null} for plain text. */
  public Path directory() {
    return directory;
  }

  /** Returns the certificate's file, in PEM. */
  public File certificate() {
    return directory.resolve("certificate.pem").toFile();
  }

  /** Returns the file of the certificate's key, in PEM. */
  public File key() {
    return directory.resolve("key.pem").toFile();
  }

  /** Begins the server's context. */
  public SslContextBuilder server() {
    return SslContextBuilder.forServer(certificate(), key());
  }

  /** Begins the context of a client that trusts the certificate. */
  public SslContextBuilder client() {
    return SslContextBuilder.forClient().trustManager(certificate());
  }

  /** Returns the server's context; {@code null} for plain text. */
  public SslContext serverContext() throws SSLException {
    return isOn() ? server().build() : null;
  }

  /** Returns the context of a client that trusts the certificate; {@code null} for plain text. */
  public SslContext clientContext() throws SSLException {
    return isOn() ? client().build() : null;
  }
}
