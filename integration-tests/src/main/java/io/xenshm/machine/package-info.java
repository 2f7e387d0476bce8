/**
 * What runs in the guests of the test machine. Each program takes a role, and prints one line for
 * each thing that it checked: {@code PASS name} or {@code FAIL name reason}.
 */
package io.xenshm.machine;
