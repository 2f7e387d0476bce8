package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OfferTest {
  private static final String PROCESS = "00112233445566ff";

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @EnumSource
  void survivesItsWireForm(LinkKind kind) throws MalformedOfferException {
    Offer offer = new Offer(kind, 65535, PROCESS, 1, Integer.MAX_VALUE, 7, -1L);

    assertEquals(offer, Offer.parse(ascii(offer.format())));
    assertTrue(offer.format().length() <= Offer.MAX_LENGTH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1 stream",
        "2 stream 80 00112233445566ff 1 1 1 0000000000000000",
        "1 packet 80 00112233445566ff 1 1 1 0000000000000000",
        "1 stream 0 00112233445566ff 1 1 1 0000000000000000",
        "1 stream 65536 00112233445566ff 1 1 1 0000000000000000",
        "1 stream 80 00112233445566FF 1 1 1 0000000000000000",
        "1 stream 80 0011223344556 1 1 1 0000000000000000",
        "1 stream 80 00112233445566ff 0 1 1 0000000000000000",
        "1 stream 80 00112233445566ff 1 2147483648 1 0000000000000000",
        "1 stream 80 00112233445566ff 1 -1 1 0000000000000000",
        "1 stream 80 00112233445566ff 1 1 0 0000000000000000",
        "1 stream 80 00112233445566ff 1 1 9999999999 0000000000000000",
        "1 stream 80 00112233445566ff 1 1 1 0000000000000000 ",
        "1 stream 80 00112233445566ff 1 1 1 0000000000000000\n",
        "1  stream 80 00112233445566ff 1 1 1 0000000000000000"
      })
  void refusesWhatDoesNotFollowTheGrammar(String text) {
    assertThrows(MalformedOfferException.class, () -> Offer.parse(ascii(text)));
  }

  @Test
  void refusesWhatIsTooLongBeforeItReadsIt() {
    assertThrows(MalformedOfferException.class, () -> Offer.parse(new byte[Offer.MAX_LENGTH + 1]));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/local/domain/2/data/xenshm/to/3/00112233445566ff-0",
        "/local/domain/2/data/xenshm/to/1",
        "/local/domain/2/data/xenshm/to/1/00112233445566ff",
        "/local/domain/2/data/xenshm/to/1/00112233445566ff-0/below",
        "/local/domain/2x/data/xenshm/to/1/00112233445566ff-0",
        "/local/domain/2/attr/xenshm/to/1/00112233445566ff-0",
        "/local/domain"
      })
  void pathsThatAreNoOfferToThisDomainNameNoClient(String path) {
    assertEquals(-1, StorePaths.clientOfOffer(path, 1));
  }

  @Test
  void thePathOfAnOfferNamesTheClient() {
    assertEquals(2, StorePaths.clientOfOffer(StorePaths.offer(2, 1, PROCESS, 0xabc), 1));
  }
}
