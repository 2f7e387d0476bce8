/** DNS by Netty's codec, over datagrams. */
package io.xenshm.examples.dns;
