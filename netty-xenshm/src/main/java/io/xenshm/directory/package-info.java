/** Which guest of this host has which address: the table, its lookup, and dom0's agent. */
package io.xenshm.directory;
