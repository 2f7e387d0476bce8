/** Plain Netty: a client sends lines of text, the server answers each in upper case. */
package io.xenshm.examples.plain;
