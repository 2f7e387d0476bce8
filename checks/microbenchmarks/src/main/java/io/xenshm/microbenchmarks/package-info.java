/**
 * The ring, and the way through two channels, by JMH; with the bytes that each operation allocates.
 */
package io.xenshm.microbenchmarks;
