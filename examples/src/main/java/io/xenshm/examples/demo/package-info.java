/** Both examples between two domains of a simulated host, compared with TCP. */
package io.xenshm.examples.demo;
