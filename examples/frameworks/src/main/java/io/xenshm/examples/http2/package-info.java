/** HTTP/2 by Netty's codec: with TLS as ALPN agrees, without TLS by prior knowledge. */
package io.xenshm.examples.http2;
