/**
 * The byte ring: bytes in one direction through memory that two domains share, one producer, one
 * consumer. No Xen and no channel here: pages come from the caller, and so does whatever rings the
 * event channel.
 *
 * <p>Everything in shared memory that the peer can write is hostile input. Each such word is read
 * once per decision, copied to a local and validated; a side's own index never comes back from
 * shared memory.
 */
package io.xenshm.ring;
