/**
 * What the fuzz targets share. A target is a class {@code ...Fuzz} beside what it feeds, with a
 * method {@code fuzzerTestOneInput}; it throws where the code under test does what it must not.
 */
package io.xenshm.fuzz;
