package io.xenshm.sim;

/**
 * What a domain holds at a moment. Tests compare two of these to find leaks.
 *
 * @param grantedPages pages that count against the limit of granted pages
 * @param deferredPages pages whose grant ended while the peer had them mapped, not yet freed
 * @param mappedPages pages of other domains that are mapped
 * @param ports event channel ports
 * @param processes processes that are connected to the host
 * @param xenStoreNodes XenStore nodes that the domain owns
 * @param xenStoreWatches watches of the domain
 */
public record DomainAccounting(
    int grantedPages,
    int deferredPages,
    int mappedPages,
    int ports,
    int processes,
    int xenStoreNodes,
    int xenStoreWatches) {}
