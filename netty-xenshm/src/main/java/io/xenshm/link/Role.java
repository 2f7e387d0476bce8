package io.xenshm.link;

/** Which end of a link, and with it which words of the descriptor page are its own. */
enum Role {
  CLIENT(
      DescriptorPage.CLIENT_CLOSED_OFFSET,
      DescriptorPage.CLIENT_BEAT_OFFSET,
      DescriptorPage.SERVER_LIVE_OFFSET,
      DescriptorPage.SERVER_CLOSED_OFFSET,
      DescriptorPage.SERVER_BEAT_OFFSET),
  SERVER(
      DescriptorPage.SERVER_CLOSED_OFFSET,
      DescriptorPage.SERVER_BEAT_OFFSET,
      DescriptorPage.CLIENT_LIVE_OFFSET,
      DescriptorPage.CLIENT_CLOSED_OFFSET,
      DescriptorPage.CLIENT_BEAT_OFFSET);

  final int ownClosedOffset;
  final int ownBeatOffset;
  final int peerLiveOffset;
  final int peerClosedOffset;
  final int peerBeatOffset;

  Role(
      int ownClosedOffset,
      int ownBeatOffset,
      int peerLiveOffset,
      int peerClosedOffset,
      int peerBeatOffset) {
    this.ownClosedOffset = ownClosedOffset;
    this.ownBeatOffset = ownBeatOffset;
    this.peerLiveOffset = peerLiveOffset;
    this.peerClosedOffset = peerClosedOffset;
    this.peerBeatOffset = peerBeatOffset;
  }
}
