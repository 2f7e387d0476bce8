/** What the examples of protocols and frameworks share, and the command that runs them. */
package io.xenshm.examples.frameworks;
