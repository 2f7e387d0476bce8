/** Measurements that {@code ./xenshm bench} runs: this side orders them, and reports. */
package io.xenshm.bench;
