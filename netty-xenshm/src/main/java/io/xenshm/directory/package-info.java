/**
 * Which guest of this host has which address: the table that dom0's agent writes, and its lookup.
 */
package io.xenshm.directory;
