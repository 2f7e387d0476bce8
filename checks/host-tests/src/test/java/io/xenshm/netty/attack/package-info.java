/**
 * A hostile guest against an honest one, as scenarios of two roles: on a simulated host in each
 * build, and in two guests of the test machine where they meet the real kernel and hypervisor.
 */
package io.xenshm.netty.attack;
