import { crc32 } from "node:zlib";
import { readU32, writeU16, writeU32 } from "./integer.js";

/**
 * The mover's field at the start of every buffer (claim 19): what the buffer is, how long, and a check
 * sum over what follows where the segments themselves have only UDP's sixteen bits.
 *
 * ```
 * 0 length = 12 | 1 type = 1 | 2 reserved = 0, u16 | 4 buffer length, u32, this field included | 8 CRC-32 of the rest, or 0
 * ```
 *
 * Sealed datagrams arrive as they were sent or not at all, so that their buffers have no check sum.
 */
export const BUFFER_FIELD_BYTES = 12;
const BUFFER_TYPE = 1;

/** Fills the room at the start of `buffer`. */
export function writeBufferField(buffer: Uint8Array, checksum: boolean): void {
  buffer[0] = BUFFER_FIELD_BYTES;
  buffer[1] = BUFFER_TYPE;
  writeU16(buffer, 2, 0);
  writeU32(buffer, 4, buffer.length);
  writeU32(buffer, 8, checksum ? crc32(buffer.subarray(BUFFER_FIELD_BYTES)) : 0);
}

/** Whether `buffer` is as long as it says, and unaltered as far as its check sum tells. */
export function bufferIntact(buffer: Uint8Array, checksum: boolean): boolean {
  return (
    buffer.length >= BUFFER_FIELD_BYTES &&
    buffer[0] === BUFFER_FIELD_BYTES &&
    buffer[1] === BUFFER_TYPE &&
    readU32(buffer, 4) === buffer.length &&
    (!checksum || readU32(buffer, 8) === crc32(buffer.subarray(BUFFER_FIELD_BYTES)))
  );
}
