/**
 * What a back end of {@link io.xenshm.xen} promises, as scenarios of two roles. Each role runs in a
 * domain of its own: two threads on a simulated host, two guests on a real one. Nothing here needs
 * a test framework.
 */
package io.xenshm.xen.contract;
