/**
 * Random use of the transport for as long as wanted: processes of several domains of a simulated
 * host connect, transfer, and are killed, and what they hold afterwards is what they held before.
 */
package io.xenshm.soak;
