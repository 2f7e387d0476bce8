/** The {@code xenshm} command. */
package io.xenshm.cli;
