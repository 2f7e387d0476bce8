/**
 * The few calls of the C library that the JDK has no API for, by {@link java.lang.foreign}. Linux
 * only.
 */
package io.xenshm.posix;
