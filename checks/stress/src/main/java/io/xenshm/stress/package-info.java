/** The ring's memory order and its doorbells, under jcstress: every outcome has its comment. */
package io.xenshm.stress;
