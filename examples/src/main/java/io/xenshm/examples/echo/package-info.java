/** Echo: the server sends back what it receives, the client measures the round trip. */
package io.xenshm.examples.echo;
