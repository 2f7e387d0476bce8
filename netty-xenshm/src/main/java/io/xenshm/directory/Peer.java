package io.xenshm.directory;

/**
 * A guest of this host, as dom0's agent or the explicit table tells.
 *
 * @param domainId its domain number, valid until it restarts or moves
 * @param network the network that it shares with this domain; empty in the explicit table
 * @param uuid its VM's UUID; empty where unknown
 * @param name its VM's name; empty where unknown
 */
public record Peer(int domainId, String network, String uuid, String name) {}
