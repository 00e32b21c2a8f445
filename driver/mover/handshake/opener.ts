import { Region } from "../../ffi/index.js";
import type { ReceivedBatch } from "../link.js";
import type { Channel } from "./channel.js";

/** The longest UDP payload. */
const LONGEST_DATAGRAM = 65_536;

/** Opens a session's datagrams where they lie; those in memory that is not pinned, in a copy. */
export class Opener {
  /** What the subfields of the last one opened are in. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where they begin. */
  offset = 0;
  /** Made when it is first needed: most links have pinned memory. */
  #copy: Region | undefined;

  /** Opens the i-th datagram. Returns where its subfields end; -1: it is forged, damaged, or came before. */
  open(channel: Channel, batch: ReceivedBatch, i: number): number {
    const length = batch.length[i]!;
    let region = batch.region?.[i];
    let start = batch.offset[i]!;
    if (region === undefined) {
      region = this.#copy ??= new Region(LONGEST_DATAGRAM);
      region.bytes.set(batch.bytes[i]!.subarray(start, start + length));
      start = 0;
    }
    this.bytes = region.bytes;
    this.offset = start + channel.headerBytes;
    return channel.open(region, start, length);
  }
}
