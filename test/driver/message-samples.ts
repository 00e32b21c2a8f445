/** Messages for the tests of this folder: any that there can be, and a twin of the codec that is only meant to be obvious. */
import fc from "fast-check";
import type { MessageAddresses, MessageHeader } from "../../driver/index.js";
import { MessageType } from "../../driver/index.js";
import { messageHeaderLength, writeMessageHeader } from "../../driver/message.js";

export interface Message {
  readonly header: MessageHeader;
  readonly data: Uint8Array;
}

/** Plain objects, as the codec makes them. */
const plain = { noNullPrototype: true };
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const addresses: fc.Arbitrary<MessageAddresses> = fc.constantFrom(4, 16).chain((size) =>
  fc.record(
    {
      source: fc.uint8Array({ minLength: size, maxLength: size }),
      sourcePort: u16,
      destination: fc.uint8Array({ minLength: size, maxLength: size }),
      destinationPort: u16,
    },
    plain,
  ),
);

const fields = {
  flags: u8.map((flags) => flags & ~0x06),
  protocol: u8,
  connection: u32,
  sequence: u32,
  status: u16,
};

export const anyHeader: fc.Arbitrary<MessageHeader> = fc.oneof(
  fc.record({ ...fields, type: fc.constant(MessageType.OPEN), addresses }, plain),
  fc.record(
    {
      ...fields,
      type: fc.constantFrom(
        MessageType.OPENED,
        MessageType.DATA,
        MessageType.FIN,
        MessageType.RESET,
        MessageType.CREDIT,
        MessageType.READY,
        MessageType.AWAY,
        MessageType.WITHDRAWN,
      ),
      addresses: fc.constant(undefined),
    },
    plain,
  ),
);

export const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    header: anyHeader,
    data: fc.uint8Array({ maxLength: 300 }),
  },
  plain,
);

/** A DATA message of a connection. */
export function dataHeader(connection: number, sequence: number): MessageHeader {
  const header = { type: MessageType.DATA, flags: 1, protocol: 6, status: 0, addresses: undefined };
  return { ...header, connection, sequence };
}

/** The bytes of a message, by the codec. */
export function encode(message: Message): Uint8Array {
  const bytes = new Uint8Array(messageHeaderLength(message.header) + message.data.length);
  const offset = writeMessageHeader(bytes, 0, message.header, message.data.length);
  bytes.set(message.data, offset);
  return bytes;
}

/** The bytes of a message, digit by digit as docs/wire-format.md has them. */
export function naiveEncode({ header, data }: Message): Uint8Array {
  const hex = (value: number, bytes: number) => value.toString(16).padStart(2 * bytes, "0");
  const { addresses } = header;
  const isIPv6 = addresses?.source.length === 16;
  const words = addresses === undefined ? 4 : isIPv6 ? 13 : 7;
  const formFlags = addresses === undefined ? 0 : isIPv6 ? 6 : 4;
  const text = [
    "1",
    words.toString(16),
    hex(header.type, 1),
    hex(header.flags + formFlags, 1),
    hex(header.protocol, 1),
    hex(header.connection, 4),
    hex(header.sequence, 4),
    hex(data.length, 2),
    hex(header.status, 2),
  ];
  if (addresses !== undefined) {
    text.push(hex(addresses.sourcePort, 2), hex(addresses.destinationPort, 2));
    for (const byte of [...addresses.source, ...addresses.destination]) text.push(hex(byte, 1));
  }
  return Uint8Array.from([...Buffer.from(text.join(""), "hex"), ...data]);
}

/** Numbers from 0 up to 1 that look random and are the same in every run (Numerical Recipes' LCG, 32 bits). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** Bytes that do not compress, the same in every run. */
export function randomBytes(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

/** Bytes that compress about as text does. */
export function textBytes(length: number, seed = 1): Uint8Array {
  const words =
    "the bridge sends every frame of an open connection to its edge which makes messages of them".split(" ");
  const random = seededRandom(seed);
  let text = "";
  while (text.length < length) text += `${words[Math.floor(random() * words.length)]} `;
  return Uint8Array.from(Buffer.from(text.slice(0, length)));
}
