/** What happens between processes when one of them, or the host, fails. */
package io.xenshm.integration;
