/** gRPC: a call of each of its four kinds, with TLS or without. */
package io.xenshm.examples.grpc;
