import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type MessageHeader,
  MessageType,
  PacketDriverError,
  SESSION_PROTOCOL,
  WireError,
} from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import { checkMessage, checkMessages, MessageView } from "../../driver/message.js";
import { anyMessage, dataHeader, encode, type Message, naiveEncode } from "./message-samples.js";

const ipv4 = {
  source: addressBytes("10.1.0.11"),
  sourcePort: 40000,
  destination: addressBytes("10.2.0.11"),
  destinationPort: 80,
};
const ipv6 = {
  source: addressBytes("fd00:1::11"),
  sourcePort: 40000,
  destination: addressBytes("fd00:2::11"),
  destinationPort: 443,
};
const plain = { flags: 0, protocol: 6, connection: 1, sequence: 0, status: 0, addresses: undefined };

const golden: [what: string, header: MessageHeader, data: string, hex: string][] = [
  [
    "OPEN over IPv4",
    { ...plain, type: MessageType.OPEN, flags: 1, addresses: ipv4 },
    "",
    "17010506 00000001 00000000 00000000 9c400050 0a01000b 0a02000b",
  ],
  [
    "OPEN over IPv6, with data",
    { ...plain, type: MessageType.OPEN, flags: 1, connection: 0xfffffffe, addresses: ipv6 },
    "hi",
    "1d010706 fffffffe 00000000 00020000 9c4001bb fd000001000000000000000000000011 fd000002000000000000000000000011 6869",
  ],
  ["OPENED", { ...plain, type: MessageType.OPENED }, "", "14020006 00000001 00000000 00000000"],
  [
    "DATA",
    { ...plain, type: MessageType.DATA, flags: 1, connection: 0x01020304, sequence: 0xfffefdfc },
    "GET",
    "14030106 01020304 fffefdfc 00030000 474554",
  ],
  ["FIN", { ...plain, type: MessageType.FIN, sequence: 9 }, "", "14040006 00000001 00000009 00000000"],
  [
    "RESET, refused",
    { ...plain, type: MessageType.RESET, sequence: 1, status: 1 },
    "",
    "14050006 00000001 00000001 00000001",
  ],
  [
    "CREDIT of 1 MiB",
    { ...plain, type: MessageType.CREDIT, sequence: 2 },
    "\0\0\0\0\0\x10\0\0",
    "14060006 00000001 00000002 00080000 0000000000100000",
  ],
  [
    "AWAY, the second announcement",
    { ...plain, type: MessageType.AWAY, flags: 0, protocol: SESSION_PROTOCOL, connection: 0, sequence: 2 },
    "",
    "14110000 00000000 00000002 00000000",
  ],
];

for (const [what, header, text, hex] of golden) {
  test(`on the wire: ${what}`, () => {
    const message = { header, data: Buffer.from(text, "latin1") };
    const wanted = hex.replaceAll(" ", "");
    assert.equal(Buffer.from(encode(message)).toString("hex"), wanted);
    assert.deepEqual(decode(Buffer.from(wanted, "hex")), [{ header, data: new Uint8Array(message.data) }]);
  });
}

test("messages come back as they were, and are what the naive twin writes", () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 8 }), (messages) => {
      const bytes = Buffer.concat(messages.map(encode));
      assert.deepEqual(bytes, Buffer.concat(messages.map(naiveEncode)));
      checkMessages(bytes, 0, bytes.length, messages.length);
      assert.deepEqual(decode(bytes), messages);
    }),
  );
});

test("a message is read where it lies, behind other bytes and before others", () => {
  const bytes = Buffer.concat([
    Buffer.alloc(5, 0xee),
    encode({ header: dataHeader(7, 8), data: Buffer.from("abc") }),
  ]);
  const end = checkMessage(Buffer.concat([bytes, Buffer.alloc(9, 0xee)]), 5, bytes.length);
  assert.equal(end, bytes.length);
});

test("a message cut anywhere is refused as truncated", () => {
  for (const [, header, text] of golden) {
    const bytes = encode({ header, data: Buffer.from(text, "latin1") });
    for (let end = 0; end < bytes.length; end += 1) {
      assert.throws(() => checkMessage(bytes, 0, end), wireError("truncated"));
    }
  }
});

const hostile: [what: string, code: string, hex: string][] = [
  ["version 0", "version", "04030106 00000001 00000001 00000000"],
  ["version 2", "version", "24030106 00000001 00000001 00000000"],
  ["type 0", "type", "14000106 00000001 00000001 00000000"],
  ["a type not known yet", "type", "14070106 00000001 00000001 00000000"],
  ["a type between those known", "type", "140f0000 00000000 00000001 00000000"],
  ["a type past those known", "type", "14300000 00000000 00000001 00000000"],
  ["header shorter than the short form", "header-length", "13030106 00000001 00000001 00000000"],
  ["header length 0", "header-length", "10030106 00000001 00000001 00000000"],
  [
    "header longer than its flags say",
    "header-length",
    "17030106 00000001 00000001 00000000 9c400050 0a01000b 0a02000b",
  ],
  ["short header that announces addresses", "header-length", "14010506 00000001 00000000 00000000"],
  ["IPv6 without addresses", "header-length", "1d010306 00000001 00000000 00000000"],
  ["addresses announced behind the end", "truncated", "17010506 00000001 00000000 00000000"],
  ["addresses in DATA", "addresses", "17030506 00000001 00000001 00000000 9c400050 0a01000b 0a02000b"],
  ["OPEN without addresses", "addresses", "14010106 00000001 00000000 00000000"],
  ["data behind the end", "truncated", "14030106 00000001 00000001 ffff0000 00"],
];
for (const [what, code, hex] of hostile) {
  test(`refused as ${code}: ${what}`, () => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    assert.throws(() => checkMessage(bytes, 0, bytes.length), wireError(code));
  });
}

test("more or fewer messages than announced are refused", () => {
  const bytes = Buffer.concat(
    [1, 2, 3].map((sequence) => encode({ header: dataHeader(1, sequence), data: bytesOf(5) })),
  );
  checkMessages(bytes, 0, bytes.length, 3);
  for (const count of [0, 2, 4]) {
    assert.throws(() => checkMessages(bytes, 0, bytes.length, count), wireError("count"));
  }
});

test("any bytes are either messages or a WireError, and nothing behind the end is read", () => {
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(0xff)), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 40 }),
      (messages, changes, tail) => {
        const bytes = Buffer.concat([...messages.map(encode), tail]);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        let read: Message[];
        try {
          read = decode(bytes);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
          return;
        }
        // What is accepted has one form only, so that it is written as it was read.
        assert.deepEqual(Buffer.concat(read.map(encode)), bytes);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a header that no peer would take is not written", () => {
  const wrong: MessageHeader[] = [
    { ...plain, type: MessageType.OPEN },
    { ...plain, type: MessageType.DATA, addresses: ipv4 },
    { ...plain, type: MessageType.OPEN, addresses: { ...ipv4, destination: ipv6.destination } },
    { ...plain, type: MessageType.OPEN, addresses: { ...ipv4, source: new Uint8Array(5) } },
  ];
  for (const header of wrong) {
    const written = () => encode({ header, data: bytesOf(0) });
    assert.throws(written, (error) => error instanceof PacketDriverError && error.code === "message");
  }
});

/** All messages in `bytes`; throws what the check throws. */
function decode(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = checkMessage(bytes, at, bytes.length);
    const view = new MessageView();
    const start = view.read(bytes, at);
    assert.equal(end - start, view.dataLength);
    const { type, flags, protocol, connection, sequence, status, addresses } = view;
    const header = { type, flags, protocol, connection, sequence, status, addresses };
    messages.push({ header, data: new Uint8Array(bytes.subarray(start, end)) });
    at = end;
  }
  return messages;
}

function bytesOf(length: number): Uint8Array {
  return new Uint8Array(length).fill(0x61);
}

function wireError(code: string): (error: unknown) => boolean {
  return (error) => error instanceof WireError && error.code === code;
}
