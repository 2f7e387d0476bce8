/** Transfer of a file, verified by SHA-256 on both sides. */
package io.xenshm.examples.transfer;
