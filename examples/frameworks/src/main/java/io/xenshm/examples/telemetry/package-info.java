/** Counters as StatsD has them: many small packets that may be lost. */
package io.xenshm.examples.telemetry;
