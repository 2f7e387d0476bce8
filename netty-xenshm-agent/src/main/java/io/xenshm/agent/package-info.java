/** dom0's agent: which guest of this host has which address, told to each guest. */
package io.xenshm.agent;
