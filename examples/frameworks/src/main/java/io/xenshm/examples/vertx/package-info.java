/** Vert.x: an HTTP server and client, by a transport of its service provider interface. */
package io.xenshm.examples.vertx;
