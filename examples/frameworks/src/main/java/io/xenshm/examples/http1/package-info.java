/** HTTP/1.1 by Netty's codec, with TLS or without. */
package io.xenshm.examples.http1;
