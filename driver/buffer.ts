/**
 * The routing header of a buffer of messages (docs/wire-format.md, "Routing header").
 *
 *     0               12               24                              length
 *     | mover's field | routing header | messages, compressed or as is |
 *
 * The mover writes and checks its field by itself; here it is 12 bytes that are left free.
 */
import { SHORT_HEADER_LENGTH } from "./message.js";
import { BUFFER_FIELD_BYTES } from "./mover/wire/buffer-field.js";
import { readU16, readU32, writeU16, writeU32 } from "./mover/wire/integer.js";
import { WireError } from "./wire-error.js";

export const ROUTING_HEADER_LENGTH = 12;
/** Where the messages begin. */
export const FRAME_LENGTH = BUFFER_FIELD_BYTES + ROUTING_HEADER_LENGTH;
/** No buffer is longer than this, frame included, neither as sent nor uncompressed; every receiver takes this much. */
export const MAXIMUM_BUFFER_LENGTH = 262_144;

/** The function type: what the data is. */
const FUNCTION_MESSAGES = 1;
const FLAG_LZ4 = 0x01;

/** Offsets in the buffer. */
const TYPE_AT = BUFFER_FIELD_BYTES;
const FLAGS_AT = BUFFER_FIELD_BYTES + 1;
const MESSAGES_AT = BUFFER_FIELD_BYTES + 2;
const DATA_LENGTH_AT = BUFFER_FIELD_BYTES + 4;
const ORIGINAL_LENGTH_AT = BUFFER_FIELD_BYTES + 8;

/** What the routing header tells of the data behind it. */
export interface BufferContents {
  /** Number of messages. */
  readonly messages: number;
  /** Bytes of the messages before compression. */
  readonly originalLength: number;
  readonly compressed: boolean;
}

/** Writes the routing header of `buffer`, which is exactly the buffer as sent, its data behind `FRAME_LENGTH`. */
export function writeRoutingHeader(buffer: Uint8Array, contents: BufferContents): void {
  buffer[TYPE_AT] = FUNCTION_MESSAGES;
  buffer[FLAGS_AT] = contents.compressed ? FLAG_LZ4 : 0;
  writeU16(buffer, MESSAGES_AT, contents.messages);
  writeU32(buffer, DATA_LENGTH_AT, buffer.length - FRAME_LENGTH);
  writeU32(buffer, ORIGINAL_LENGTH_AT, contents.originalLength);
}

/**
 * Reads the routing header of a whole buffer, all of its lengths checked: the data fills what is left behind it, and
 * the buffer uncompressed, frame included, is at most `limit` bytes.
 *
 * @throws WireError truncated, type, length, count
 */
export function readRoutingHeader(buffer: Uint8Array, limit: number): BufferContents {
  if (buffer.length < FRAME_LENGTH) {
    throw new WireError("truncated", 0, `${buffer.length} bytes where a buffer has at least ${FRAME_LENGTH}`);
  }
  const type = buffer[TYPE_AT]!;
  const flags = buffer[FLAGS_AT]!;
  if (type !== FUNCTION_MESSAGES) {
    throw new WireError("type", TYPE_AT, `buffer function type ${type}, known is ${FUNCTION_MESSAGES}`);
  }
  // An unknown flag changes what the data means, so that it cannot be passed over.
  if ((flags & ~FLAG_LZ4) !== 0) {
    throw new WireError("type", FLAGS_AT, `buffer flags ${flags}, known is ${FLAG_LZ4}`);
  }
  const compressed = flags === FLAG_LZ4;
  const messages = readU16(buffer, MESSAGES_AT);
  const dataLength = readU32(buffer, DATA_LENGTH_AT);
  const originalLength = readU32(buffer, ORIGINAL_LENGTH_AT);
  if (dataLength !== buffer.length - FRAME_LENGTH) {
    throw new WireError(
      "length",
      DATA_LENGTH_AT,
      `data length ${dataLength} in a buffer of ${buffer.length} bytes`,
    );
  }
  if (compressed ? originalLength <= dataLength : originalLength !== dataLength) {
    throw new WireError(
      "length",
      ORIGINAL_LENGTH_AT,
      `original length ${originalLength} of ${dataLength} bytes`,
    );
  }
  if (originalLength > limit - FRAME_LENGTH) {
    throw new WireError(
      "length",
      ORIGINAL_LENGTH_AT,
      `original length ${originalLength} passes the limit of ${limit}`,
    );
  }
  if (messages === 0 || messages * SHORT_HEADER_LENGTH > originalLength) {
    throw new WireError("count", MESSAGES_AT, `${messages} messages in ${originalLength} bytes`);
  }
  return { messages, originalLength, compressed };
}
