import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  ACKNOWLEDGEMENT_BITMAP,
  acknowledgementLength,
  bitmapRoom,
  MAXIMUM_PARTS,
  RECEIVED_BITMAP,
  writeAcknowledgement,
} from "../../driver/mover/wire/acknowledgement.js";
import { bufferIntact, writeBufferField } from "../../driver/mover/wire/buffer-field.js";
import { writeConfirmation } from "../../driver/mover/wire/confirmation.js";
import {
  datagramTag,
  PacketType,
  packetType,
  writeClose,
  writeDatagramHeader,
} from "../../driver/mover/wire/datagram.js";
import { encodeHandshake, senderTag, transmissionOf } from "../../driver/mover/wire/handshake.js";
import { decodeHello, encodeHello, type Hello } from "../../driver/mover/wire/hello.js";
import { writeProbe, writeProbeAnswer } from "../../driver/mover/wire/probe.js";
import { DatagramReader } from "../../driver/mover/wire/reader.js";
import { writeRepair } from "../../driver/mover/wire/repair.js";
import { extendLogical, writeTransportData } from "../../driver/mover/wire/transport-data.js";
import { type NaiveDatagram, naiveRead } from "./naive-datagram.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));

const U32 = fc.integer({ min: 0, max: 0xffff_ffff });
const U48 = fc.integer({ min: 0, max: 0xffff_ffff_ffff });

/** What the reader makes of a datagram, in the terms of the naive one. */
function read(bytes: Uint8Array, offset = 0): NaiveDatagram | undefined {
  const reader = new DatagramReader();
  const type = packetType(bytes, offset, bytes.length - offset);
  if (type !== PacketType.SESSION || !reader.read(bytes, offset + 4, bytes.length)) return undefined;
  const result: NaiveDatagram = { type, tag: datagramTag(bytes, offset) };
  if (reader.hasAcknowledgement) {
    const ack = reader.acknowledgement;
    const received: bigint[] = [];
    for (let part = 0; part < ack.parts; part += 1) {
      for (let i = 0; i < ack.partLength[part]!; i += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          if (bytes[ack.partOffset[part]! + i]! & (1 << bit))
            received.push(BigInt((ack.partTop[part]! - i) * 8 + bit));
        }
      }
    }
    result.acknowledgement = {
      highestSent: BigInt(ack.highestSent),
      highestReceived: BigInt(ack.highestReceived),
      lowestLogical: BigInt(ack.lowestLogical),
      deliveryRate: ack.deliveryRate,
      delay: ack.delay,
      receiveWindow: ack.receiveWindow,
      time: ack.time,
      received,
    };
  }
  if (reader.hasData) {
    const { index, segments, logical, physical } = reader.data;
    const payload = [...bytes.subarray(reader.payloadOffset, reader.payloadOffset + reader.payloadLength)];
    result.data = { index, segments, logical, physical: BigInt(physical), payload };
  }
  if (reader.hasRepair) {
    const sum = [...bytes.subarray(reader.payloadOffset, reader.payloadOffset + reader.payloadLength)];
    result.repair = { ...reader.repair, sum };
  }
  if (reader.close) result.close = true;
  if (reader.confirmation !== undefined) result.confirmation = reader.confirmation;
  if (reader.hasAnswer) result.answer = { ...reader.answer };
  if (reader.probe >= 0) result.probe = reader.probe;
  return result;
}

describe("golden bytes", () => {
  it("a segment", () => {
    const out = new Uint8Array(18);
    const at = writeDatagramHeader(out, 0, PacketType.SESSION, 0xabcdef);
    assert.equal(writeTransportData(out, at, 3, 45, 0x1_0000_0203, 0x0102_0304_0506), 18);
    assert.equal(hex(out), "12abcdef" + "0e01" + "03" + "2d" + "00000203" + "010203040506");
  });

  it("an acknowledgement", () => {
    const out = new Uint8Array(64);
    const fields = {
      highestSent: 7,
      highestReceived: 0x0a_0b0c_0d0e,
      lowestLogical: 0x1_0000_0000,
      deliveryRate: 95_000_000,
      delay: 1.6,
      receiveWindow: 0x0400_0000,
      time: 0x0101_0203,
    };
    const end = writeAcknowledgement(out, 0, fields, 2, (bytes, at, top, length) => {
      assert.deepEqual([top, length], [0x0a_0b0c_0d0e / 8 - 0.75, 2]);
      bytes[at] = 0x7f;
      bytes[at + 1] = 0xf0;
    });
    const golden = "2402 000000000007 000a0b0c0d0e 000100000000 00017318 0064 04000000 01010203 7ff0";
    assert.equal(hex(out.subarray(0, end)), golden.replaceAll(" ", ""));
  });

  it("a bitmap that goes on", () => {
    const out = new Uint8Array(600);
    const fields = {
      highestSent: 0,
      highestReceived: 80_000,
      lowestLogical: 0,
      deliveryRate: 0,
      delay: 0,
      receiveWindow: 0,
      time: 0,
    };
    const parts: number[][] = [];
    const end = writeAcknowledgement(out, 0, fields, 300, (_bytes, at, top, length) =>
      parts.push([at, top, length]),
    );
    assert.deepEqual(parts, [
      [34, 10_000, 221],
      [263, 9779, 79],
    ]);
    assert.equal(hex(out.subarray(255, 263)), "5703" + "000000013198");
    assert.equal(end, 255 + 87);
    assert.equal(end, acknowledgementLength(300));
  });

  it("a hello", () => {
    const hello: Hello = {
      bootId: 0x0102030405060708n,
      continues: 0x1112131415161718n,
      time: 0x0102_0304_0506,
      segmentSize: 1472,
      receiveWindow: 0x0400_0000,
      site: "zürich",
    };
    const golden = "2510 0102030405060708 1112131415161718 010203040506 05c0 04000000 7ac3bc72696368";
    const bytes = encodeHello(hello);
    assert.equal(hex(bytes), golden.replaceAll(" ", ""));
    assert.deepEqual(decodeHello(bytes), hello);
    assert.deepEqual(decodeHello(fromHex(`03ff00 ${golden} 0463abcd`)), hello);
  });

  it("the datagram of a handshake", () => {
    const header = { type: PacketType.SEALED_ANSWER, receiver: 0x0a0b0c, sender: 0x1a1b1c, transmission: 9 };
    const datagram = encodeHandshake(header, fromHex("beef"));
    assert.equal(hex(datagram), "170a0b0c" + "1a1b1c" + "09" + "beef");
    assert.deepEqual([senderTag(datagram), transmissionOf(datagram)], [0x1a1b1c, 9]);
  });

  it("the end of a session", () => {
    const out = new Uint8Array(6);
    writeClose(out, writeDatagramHeader(out, 0, PacketType.SESSION, 1));
    assert.equal(hex(out), "120000010204");
  });

  it("a probe, padded, and its answer", () => {
    const out = new Uint8Array(13).fill(0xff);
    const at = writeDatagramHeader(out, 0, PacketType.SESSION, 1);
    assert.equal(writeProbe(out, at, 0xa1b2c3d4, 13), 13);
    assert.equal(hex(out), "12000001" + "0605a1b2c3d4" + "000000");
    assert.equal(writeProbe(out, at, 1, 0), 10);
    assert.equal(writeProbeAnswer(out, at, 0xa1b2c3d4, 1472), 12);
    assert.equal(hex(out.subarray(0, 12)), "12000001" + "0806a1b2c3d405c0");
  });

  it("a repair symbol", () => {
    const out = new Uint8Array(10);
    assert.equal(writeRepair(out, 0, 0x1_0000_0203, 720, 5), 10);
    assert.equal(hex(out), "0a08" + "02d0" + "00000203" + "05" + "00");
  });

  it("a confirmation", () => {
    const out = new Uint8Array(5);
    assert.equal(writeConfirmation(out, 0, { transmission: 3, delay: 1.6 }), 5);
    assert.equal(hex(out), "0507" + "03" + "0064");
    writeConfirmation(out, 0, { transmission: 3, delay: 1e9 });
    assert.equal(hex(out), "0507" + "03" + "ffff");
  });

  it("the field of a buffer", () => {
    const buffer = new Uint8Array([...new Uint8Array(12), ...Buffer.from("123456789")]);
    writeBufferField(buffer, true);
    // 0xcbf43926 is what CRC-32 gives for these nine digits.
    assert.equal(hex(buffer.subarray(0, 12)), "0c01" + "0000" + "00000015" + "cbf43926");
    assert.ok(bufferIntact(buffer, true));
    writeBufferField(buffer, false);
    assert.equal(hex(buffer.subarray(0, 12)), "0c01" + "0000" + "00000015" + "00000000");
    assert.ok(bufferIntact(buffer, false));
  });
});

describe("round trip", () => {
  it("any segment with any acknowledgement before it", () => {
    const acknowledgement = fc.record({
      highestSent: U48,
      highestReceived: fc.integer({ min: 20_000, max: 0xffff_ffff_ffff }),
      lowestLogical: U48,
      deliveryRate: U32.map((kilobits) => kilobits * 1000),
      delay: fc.integer({ min: 0, max: 0xffff }).map((units) => units * 0.016),
      receiveWindow: U32,
      time: U32,
      bitmap: fc.uint8Array({ maxLength: ACKNOWLEDGEMENT_BITMAP + (MAXIMUM_PARTS - 1) * RECEIVED_BITMAP }),
    });
    const data = fc.record({
      segments: fc.integer({ min: 1, max: 255 }),
      part: fc.double({ min: 0, max: 0.999, noNaN: true }),
      logical: U48,
      physical: fc.integer({ min: 1, max: 0xffff_ffff_ffff }),
      payload: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(
        fc.option(acknowledgement),
        fc.option(data),
        fc.integer({ min: 0, max: 9 }),
        (ack, segment, offset) => {
          const out = new Uint8Array(4000);
          let at = writeDatagramHeader(out, offset, PacketType.SESSION, 77);
          const received: bigint[] = [];
          if (ack !== null) {
            const { bitmap, ...fields } = ack;
            const top = Math.floor(fields.highestReceived / 8);
            at = writeAcknowledgement(out, at, fields, bitmap.length, (bytes, to, from, length) => {
              bytes.set(bitmap.subarray(top - from, top - from + length), to);
            });
            bitmap.forEach((byte, i) => {
              for (let bit = 0; bit < 8; bit += 1)
                if (byte & (1 << bit)) received.push(BigInt((top - i) * 8 + bit));
            });
          }
          const index = segment === null ? 0 : Math.floor(segment.part * segment.segments);
          if (segment !== null) {
            at = writeTransportData(out, at, index, segment.segments, segment.logical, segment.physical);
            out.set(segment.payload, at);
            at += segment.payload.length;
          }
          const result = read(out.subarray(0, at), offset);
          assert.ok(result);
          assert.deepEqual(result, naiveRead(out.slice(offset, at)));
          assert.deepEqual(result.acknowledgement?.received, ack === null ? undefined : received);
          assert.equal(
            result.acknowledgement?.highestReceived,
            ack === null ? undefined : BigInt(ack.highestReceived),
          );
          assert.equal(result.data?.logical, segment === null ? undefined : segment.logical % 2 ** 32);
          assert.equal(result.data?.physical, segment === null ? undefined : BigInt(segment.physical));
          assert.equal(result.data?.index, segment === null ? undefined : index);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("any hello", () => {
    const hello = fc.record(
      {
        bootId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        continues: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        time: U48,
        segmentSize: fc.integer({ min: 548, max: 0xffff }),
        receiveWindow: U32,
        site: fc.string({ maxLength: 64 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(hello, (value) => assert.deepEqual(decodeHello(encodeHello(value)), value)));
  });

  it("a site's name that is too long is cut between characters", () => {
    const hello = { bootId: 1n, continues: 0n, time: 1, segmentSize: 1472, receiveWindow: 0 };
    const cut = decodeHello(encodeHello({ ...hello, site: `${"a".repeat(63)}ü` }));
    assert.equal(cut?.site, "a".repeat(63));
  });

  it("a logical number from its low bits", () => {
    const near = fc.integer({ min: 0, max: 2 ** 47 });
    fc.assert(
      fc.property(near, fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (from, distance) => {
        const logical = from + distance;
        fc.pre(logical >= 0);
        assert.equal(extendLogical(logical % 2 ** 32, from), logical);
      }),
    );
  });

  it("the longest bitmap that fits", () => {
    for (let room = 34; room < 1600; room += 1) {
      const bitmap = bitmapRoom(room);
      assert.ok(acknowledgementLength(bitmap) <= room, `room ${room}`);
      if (room < 1500) assert.ok(acknowledgementLength(bitmap + 9) > room, `room ${room} wasted`);
    }
  });
});

describe("hostile bytes", () => {
  it("are judged as the naive reader judges them", () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0, 1, 2, 6, 8, 10, 13, 14, 15, 34, 35, 255),
    );
    const subfield = fc.record({
      length,
      code: fc.integer({ min: 0, max: 9 }),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    const soup = fc.array(subfield, { maxLength: 6 }).map((fields) => {
      const bytes = fields.flatMap(({ length: claimed, code, body }) => [
        fc.sample(fc.boolean(), { numRuns: 1, seed: claimed })[0] ? body.length + 2 : claimed,
        code,
        ...body,
      ]);
      return new Uint8Array([0x12, 0, 0, 1, ...bytes]);
    });
    fc.assert(
      fc.property(soup, (bytes) => assert.deepEqual(read(bytes), naiveRead(bytes))),
      { numRuns: 3000 },
    );
  });

  it("anything at all is read or refused", () => {
    const reader = new DatagramReader();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(0x11, 0x12, 0x13, 0x22),
        (bytes, first) => {
          if (bytes.length > 0) bytes[0] = first;
          reader.read(bytes, 0, bytes.length);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("a bitmap below number zero, or above the highest, is refused", () => {
    const below = fromHex(
      "12000001 2402 000000000000 000000000008 000000000000 00000000 0000 00000000 00000000 ffff",
    );
    assert.ok(read(below));
    assert.equal(read(fromHex(`${hex(below).replace("2402", "2502")}ff`)), undefined);
    const above = `${hex(below)}0903000000000010ff`;
    assert.equal(read(fromHex(above)), undefined);
  });

  it("a buffer that was altered, cut or is not one is not intact", () => {
    const buffer = new Uint8Array(100).map((_, i) => i);
    writeBufferField(buffer, true);
    for (let bit = 0; bit < 800; bit += 1) {
      if (bit >= 16 && bit < 32) continue; // reserved
      const altered = buffer.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(bufferIntact(altered, true), false, `bit ${bit}`);
    }
    for (let length = 0; length < 100; length += 1)
      assert.equal(bufferIntact(buffer.subarray(0, length), true), false);
  });
});
