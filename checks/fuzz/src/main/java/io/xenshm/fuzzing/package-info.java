/** Runs the fuzz targets of the other modules by Jazzer, coverage-guided. */
package io.xenshm.fuzzing;
