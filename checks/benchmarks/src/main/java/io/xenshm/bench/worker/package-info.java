/** The processes that are measured: a server and a client for each transport. */
package io.xenshm.bench.worker;
