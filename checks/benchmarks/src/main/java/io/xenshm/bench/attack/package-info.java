/** A hostile domain, for the measurement of what it takes from others. */
package io.xenshm.bench.attack;
