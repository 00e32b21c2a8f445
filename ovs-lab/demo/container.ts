import { createCipheriv } from "node:crypto";
import { crc32 } from "node:zlib";
import { seededRandom } from "../wan/random.js";

/**
 * A container as backups and media have it: records of a plain header and a payload that is compressed and encrypted
 * already, so that nobody makes it smaller. Every byte follows from the seed.
 *
 * Header, 32 bytes, little endian: "RECD", kind u16, stream u16, record's number u32, payload's length u32,
 * time in microseconds u64, CRC-32 of the payload, 0.
 */
const HEADER_BYTES = 32;
const PAYLOAD_RANGE = [4 * 1024, 64 * 1024] as const;
const FIRST_TIME = 1_700_000_000_000_000n;
const STREAMS = 4;

/** Gives one record after the other, without end. A record is valid until the next is asked for. */
export function* containerRecords(seed: number): Generator<Buffer, never> {
  const random = seededRandom(seed);
  // A cipher's key stream is what a good cipher makes of anything.
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed & 0xff), Buffer.alloc(16));
  const [least, most] = PAYLOAD_RANGE;
  const zeros = Buffer.alloc(most);
  let time = FIRST_TIME;
  for (let number = 0; ; number++) {
    const length = least + Math.floor(random() * (most - least + 1));
    const payload = cipher.update(zeros.subarray(0, length));
    const header = Buffer.alloc(HEADER_BYTES);
    header.write("RECD", 0, "latin1");
    header.writeUInt16LE(Math.floor(random() * 3), 4);
    header.writeUInt16LE(Math.floor(random() * STREAMS), 6);
    header.writeUInt32LE(number, 8);
    header.writeUInt32LE(length, 12);
    header.writeBigUInt64LE(time, 16);
    header.writeUInt32LE(crc32(payload), 24);
    time += BigInt(Math.floor(random() * 40_000));
    yield Buffer.concat([header, payload]);
  }
}
