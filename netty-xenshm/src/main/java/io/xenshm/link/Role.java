package io.xenshm.link;

/** Which end of a link, and with it which words of the descriptor page are its own. */
enum Role {
  CLIENT(
      DescriptorPage.CLIENT_CLOSED_OFFSET,
      DescriptorPage.SERVER_LIVE_OFFSET,
      DescriptorPage.SERVER_CLOSED_OFFSET),
  SERVER(
      DescriptorPage.SERVER_CLOSED_OFFSET,
      DescriptorPage.CLIENT_LIVE_OFFSET,
      DescriptorPage.CLIENT_CLOSED_OFFSET);

  final int ownClosedOffset;
  final int peerLiveOffset;
  final int peerClosedOffset;

  Role(int ownClosedOffset, int peerLiveOffset, int peerClosedOffset) {
    this.ownClosedOffset = ownClosedOffset;
    this.peerLiveOffset = peerLiveOffset;
    this.peerClosedOffset = peerClosedOffset;
  }
}
