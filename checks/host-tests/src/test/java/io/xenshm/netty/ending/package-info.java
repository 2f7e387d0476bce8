/** What both ends of a connection see around its end, compared with Netty's epoll transport. */
package io.xenshm.netty.ending;
