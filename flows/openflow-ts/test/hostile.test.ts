import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  actionList,
  DecodeError,
  decode,
  EncodeError,
  encode,
  flowMod,
  instructionList,
  type Message,
  matchStructure,
  versions,
} from "openflow-ts";
import { message } from "./arbitrary/message.js";

const xid = 1;

/** Decodes, and takes no other failure than the typed one; what can be decoded can be encoded again. */
function survives(bytes: Uint8Array): void {
  try {
    const first = encode(decode(bytes));
    assert.deepEqual(encode(decode(first)), first);
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${error}: ${Buffer.from(bytes).toString("hex")}`);
    assert.match(error.code, /^(OFP|NX)[A-Z]+_[A-Z_]+$/);
    assert.ok(error.offset <= bytes.length);
  }
}

/** The length in the header as it would be if these were all bytes. */
function withLength(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length >= 4) new DataView(copy.buffer).setUint16(2, copy.length);
  return copy;
}

for (const version of versions) {
  const encoded = message(version).map((given: Message) => encode({ version, xid, message: given }));

  test(`version ${version}: messages cut off anywhere`, () => {
    fc.assert(
      fc.property(encoded, fc.double({ min: 0, max: 0.999, noNaN: true }), (bytes, part) => {
        const cut = bytes.slice(0, Math.floor(part * bytes.length));
        assert.throws(() => decode(cut), DecodeError);
        survives(withLength(cut));
      }),
      { numRuns: 500 },
    );
  });

  test(`version ${version}: messages with bytes changed`, () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(encoded, fc.array(change, { minLength: 1, maxLength: 6 }), (bytes, changes) => {
        const changed = bytes.slice();
        for (const [at, value] of changes) changed[4 + (at % (changed.length - 4))] = value;
        survives(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test(`version ${version}: nothing but noise behind a header`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 120 }), (type, noise) => {
        survives(withLength(Uint8Array.of(version, type, 0, 0, 0, 0, 0, 1, ...noise)));
      }),
      { numRuns: 2000 },
    );
  });
}

/** What is wrong, the decoder, the bytes, the error that a switch would answer with. */
const refused: readonly (readonly [string, (bytes: Uint8Array) => unknown, string, string])[] = [
  ["no message", decode, "", "OFPBRC_BAD_LEN"],
  ["a version of the future", decode, "090e000800000001", "OFPBRC_BAD_VERSION"],
  ["a type that there is not", decode, "0463000800000001", "OFPBRC_BAD_TYPE"],
  ["a type of a later version", decode, "0421001000000001 00000001 00000003", "OFPBRC_BAD_TYPE"],
  ["more bytes than it says", decode, "041400080000000100", "OFPBRC_BAD_LEN"],
  [
    "a multipart type that there is not",
    decode,
    "0412001000000001 00630000 00000000",
    "OFPBRC_BAD_MULTIPART",
  ],
  [
    "a match of the old kind",
    (bytes) => matchStructure.decode(bytes, 4),
    "0000000400000000",
    "OFPBMC_BAD_TYPE",
  ],
  [
    "a match longer than there are bytes",
    (bytes) => matchStructure.decode(bytes, 4),
    "0001001000000000",
    "OFPBMC_BAD_LEN",
  ],
  ["an action of no bytes", (bytes) => actionList.decode(bytes, 4), "0000000000000000", "OFPBAC_BAD_LEN"],
  [
    "an action of a type that there is not",
    (bytes) => actionList.decode(bytes, 4),
    "0063000800000000",
    "OFPBAC_BAD_TYPE",
  ],
  [
    "an action longer than it needs",
    (bytes) => actionList.decode(bytes, 4),
    "0012001000000000 0000000000000000",
    "OFPBAC_BAD_LEN",
  ],
  [
    "an instruction of a type that there is not",
    (bytes) => instructionList.decode(bytes, 4),
    "0063000800000000",
    "OFPBIC_UNKNOWN_INST",
  ],
  [
    "the counter of TTL identifiers longer than its list",
    (bytes) => actionList.decode(bytes, 4),
    "ffff001800002320 0015ffff00000000 0001000200030004",
    "OFPBAC_BAD_LEN",
  ],
];

for (const [what, read, digits, code] of refused) {
  test(`refused: ${what}`, () => {
    const bytes = Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
    assert.throws(
      () => read(bytes),
      (error) => error instanceof DecodeError && error.code === code,
    );
  });
}

test("actions within actions without end are refused, not followed", () => {
  const depth = 4000;
  const bytes = new Uint8Array(16 * depth);
  const view = new DataView(bytes.buffer);
  for (let level = 0; level < depth; level++) {
    view.setUint16(16 * level, 0xffff);
    view.setUint16(16 * level + 2, bytes.length - 16 * level);
    view.setUint32(16 * level + 4, 0x2320);
    view.setUint16(16 * level + 8, 42);
  }
  assert.throws(
    () => actionList.decode(bytes, 4),
    (error) => error instanceof DecodeError && /nesting/.test(error.message),
  );
});

/** What cannot be said, the version, and why. */
const unsayable: readonly (readonly [string, 4 | 5 | 6, Message, EncodeError["code"]])[] = [
  ["a priority of 17 bits", 4, flowMod({ priority: 0x10000 }), "ERR_OPENFLOW_RANGE"],
  ["a negative cookie", 4, flowMod({ cookie: -1n }), "ERR_OPENFLOW_RANGE"],
  ["importance in OpenFlow 1.3", 4, flowMod({ importance: 1 }), "ERR_OPENFLOW_VERSION"],
  [
    "reg_load in OpenFlow 1.5",
    6,
    flowMod({
      instructions: [
        {
          type: "apply_actions",
          actions: [{ type: "reg_load", destination: { field: "reg0", offset: 0, bits: 1 }, value: 1n }],
        },
      ],
    }),
    "ERR_OPENFLOW_VERSION",
  ],
  [
    "a request for flow statistics in OpenFlow 1.4",
    5,
    { type: "multipart_request", flags: 0, body: { type: "controller_status" } },
    "ERR_OPENFLOW_VERSION",
  ],
  [
    "a name of 17 bytes",
    6,
    {
      type: "multipart_reply",
      flags: 0,
      body: {
        type: "port_desc",
        ports: [{ port: 1, hardwareAddress: 0n, name: "x".repeat(17), config: 0, state: 0, properties: {} }],
      },
    },
    "ERR_OPENFLOW_RANGE",
  ],
  ["70,000 bytes", 4, { type: "echo_request", data: new Uint8Array(70_000) }, "ERR_OPENFLOW_TOO_LONG"],
  ["a field that there is not", 4, flowMod({ match: [{ field: "reg16", value: 0n }] }), "ERR_OPENFLOW_VALUE"],
];

for (const [what, version, given, code] of unsayable) {
  test(`cannot be said: ${what}`, () => {
    assert.throws(
      () => encode({ version, xid, message: given }),
      (error) => error instanceof EncodeError && error.code === code,
    );
  });
}
