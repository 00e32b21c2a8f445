/** What an edge sees of the packet driver when it speaks: it is asked for messages, and writes them in place. */
import type { MessageHeader } from "./message.js";

/** 0 is served first; a lower one is slowed by it, but never starved. 1 is the normal one. */
export type Priority = 0 | 1 | 2 | 3;
export const PRIORITIES = 4;

/** An edge that has something to say. Announced by `PacketDriver.ready`, then asked by turns. */
export interface MessageSource {
  /** Read each time the source is queued, so it may change in between. */
  readonly priority: Priority;

  /**
   * Writes as many messages as fit into `writer`, at most about `quantum` bytes, headers included.
   * Going over by one message is allowed: what is over is taken off the following turns.
   *
   * Returns true if it still has more to say; it is then asked again without another `ready`. With false it
   * leaves the queue until the next `ready`. To write nothing and return true means "the next message does not
   * fit here": it is asked again with an empty buffer, and leaves the queue if even that did not do.
   */
  pull(writer: MessageWriter, quantum: number): boolean;
}

/** The buffer being filled, as a source sees it during `pull` and not longer. */
export interface MessageWriter {
  /** Bytes left in the buffer, header included. */
  readonly room: number;

  /**
   * Writes the header and sets `length` bytes aside for the data: returns the place, to be filled before the
   * pull ends; undefined, and nothing written, if there is no room for all of it.
   */
  reserve(header: MessageHeader, length: number): Uint8Array | undefined;

  /** Writes header and data; false, and nothing written, if there is no room for all of it. */
  write(header: MessageHeader, data?: Uint8Array): boolean;
}
