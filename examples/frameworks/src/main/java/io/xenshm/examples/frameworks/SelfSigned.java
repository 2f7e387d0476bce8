package io.xenshm.examples.frameworks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/** Makes self-signed certificates, by the JDK's keytool. */
final class SelfSigned {
  private static final String ALIAS = "example";
  private static final String PASSWORD = "changeit"; // of a file that lives for a moment
  private static final int LINE = 64;
  private static final long TIMEOUT_SECONDS = 30;

  private SelfSigned() {}

  /**
   * Makes a key and a certificate for an IP address, and writes both in PEM.
   *
   * @throws IOException if keytool fails, with what it said
   */
  static void write(String address, Path certificate, Path key) throws IOException {
    Path store = certificate.resolveSibling("keys.p12");
    try {
      makeStore(store, address);
      KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
      writePem(certificate, "CERTIFICATE", keys.getCertificate(ALIAS).getEncoded());
      writePem(key, "PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException("cannot read what keytool wrote: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(store);
    }
  }

  private static void makeStore(Path store, String address) throws IOException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=netty-xenshm example",
                "-ext",
                "san=ip:" + address,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!keytool.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
        keytool.destroyForcibly();
        throw new IOException("keytool made no certificate: " + said.strip());
      }
    } catch (InterruptedException e) {
      keytool.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void writePem(Path file, String type, byte[] content) throws IOException {
    String base64 = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n");
  }
}
