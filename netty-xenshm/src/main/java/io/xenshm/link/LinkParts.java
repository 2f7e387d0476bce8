package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import java.util.concurrent.Executor;

/** What a link is made of. */
record LinkParts(
    Role role,
    int peerDomain,
    int peerPort,
    DescriptorPage descriptor,
    ByteRingProducer producer,
    ByteRingConsumer consumer,
    Doorbells doorbells,
    int port,
    PeerWatches peers,
    Executor loop) {}
