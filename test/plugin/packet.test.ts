import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { MessageStatus } from "../../driver/index.js";
import {
  readIcmpError,
  readSyn,
  resetFrame,
  type Unreachable,
  unreachableFrame,
} from "../../plugin/packet/index.js";

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const hex = (frame: Uint8Array) => Buffer.from(frame).toString("hex");

/** As a host sends it: 10.1.0.11:40000 to 10.2.0.11:80, sequence number 0x01020304, MSS 1460. */
const SYN4 = bytes(`
  020000000101 020000000102 0800
  4500002c 12344000 4006 1480 0a01000b 0a02000b
  9c40 0050 01020304 00000000 6002 faf0 e886 0000 020405b4`);

/** fd00:1::11 port 40000 to fd00:2::11 port 80, in VLAN 10. */
const SYN6 = bytes(`
  020000000101 020000000102 8100000a 86dd
  60000000 0018 0640 fd000001000000000000000000000011 fd000002000000000000000000000011
  9c40 0050 01020304 00000000 6002 faf0 0279 0000 020405b4`);

/** What tcpdump makes of frames: a line each, with checksums judged. */
function tcpdump(...frames: readonly Uint8Array[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-packet-"));
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  const file = join(directory, "frames.pcap");
  writeFileSync(file, Buffer.concat([header, ...records]));
  const { stdout } = spawnSync("tcpdump", ["-nn", "-e", "-t", "-vvv", "-r", file], { encoding: "utf8" });
  rmSync(directory, { recursive: true });
  return stdout.replaceAll(/\n\s+/g, " ").trim().split("\n");
}

test("a SYN is read from its frame, with and without a tag", () => {
  const four = readSyn(SYN4)!;
  assert.equal(four.family, "ipv4");
  assert.deepEqual([...four.source, ...four.destination], [10, 1, 0, 11, 10, 2, 0, 11]);
  assert.deepEqual([four.sourcePort, four.destinationPort, four.sequence], [40000, 80, 0x01020304]);
  assert.equal(four.vlan, undefined);
  const six = readSyn(SYN6)!;
  assert.equal(six.family, "ipv6");
  assert.equal(hex(six.destination), "fd000002000000000000000000000011");
  assert.equal(six.vlan, 10);
});

test("what Ethernet has padded is not part of the packet", () => {
  const syn = readSyn(Buffer.concat([SYN4, Buffer.alloc(2)]))!;
  assert.equal(syn.packet.length, SYN4.length - 14);
});

test("a checksum that was left to the device is completed; a wrong one is not covered up", () => {
  for (const [frame, offset] of [
    [SYN4, 14 + 20 + 16],
    [SYN6, 18 + 40 + 16],
  ] as const) {
    const addresses = frame.subarray(frame.length - 24 - (frame === SYN4 ? 8 : 32), frame.length - 24);
    let pseudo = 6 + 24;
    for (let at = 0; at < addresses.length; at += 2) pseudo += (addresses[at]! << 8) | addresses[at + 1]!;
    while (pseudo > 0xffff) pseudo = (pseudo & 0xffff) + (pseudo >>> 16);
    const partial = Uint8Array.from(frame);
    partial[offset] = pseudo >> 8;
    partial[offset + 1] = pseudo;
    assert.equal(hex(readSyn(partial)!.frame), hex(frame));
    partial[offset]! ^= 1;
    assert.equal(readSyn(partial), undefined);
  }
});

test("anything but a whole SYN is none", () => {
  const changed = (at: number, value: number) => {
    const frame = Uint8Array.from(SYN4);
    frame[at] = value;
    return frame;
  };
  assert.equal(readSyn(changed(13, 6)), undefined, "ARP");
  assert.equal(readSyn(changed(14, 0x43)), undefined, "a header of 12 bytes");
  assert.equal(readSyn(changed(20, 0x20)), undefined, "a fragment");
  assert.equal(readSyn(changed(23, 17)), undefined, "UDP");
  assert.equal(readSyn(changed(47, 0x12)), undefined, "SYN and ACK");
  assert.equal(readSyn(changed(46, 0xf0)), undefined, "a TCP header longer than the packet");
  for (let length = 0; length < SYN4.length; length++)
    assert.equal(readSyn(SYN4.subarray(0, length)), undefined);
});

test("whatever comes is read without an exception", () => {
  const frame = fc.tuple(fc.constantFrom(SYN4, SYN6), fc.array(fc.tuple(fc.nat(80), fc.nat(255))));
  fc.assert(
    fc.property(frame, fc.nat(90), ([base, changes], length) => {
      const hostile = Uint8Array.from(base);
      for (const [at, value] of changes) hostile[at % hostile.length] = value;
      readSyn(hostile.subarray(0, length));
    }),
    { numRuns: 5000 },
  );
});

test("a reset is the answer of a port where nothing listens", () => {
  assert.equal(
    hex(resetFrame(readSyn(SYN4)!)),
    hex(
      bytes(`
      020000000102 020000000101 0800
      45000028 00004000 4006 26b8 0a02000b 0a01000b
      0050 9c40 00000000 01020305 5014 0000 fb20 0000`),
    ),
  );
  const [four, six] = tcpdump(resetFrame(readSyn(SYN4)!), resetFrame(readSyn(SYN6)!));
  assert.match(four!, /10\.2\.0\.11\.80 > 10\.1\.0\.11\.40000: Flags \[R\.\], cksum 0x[0-9a-f]+ \(correct\)/);
  assert.match(four!, /seq 0, ack 16909061, win 0/);
  assert.match(six!, /vlan 10, .*fd00:2::11\.80 > fd00:1::11\.40000: Flags \[R\.\].*\(correct\)/);
});

test("destination unreachable quotes the SYN, with the code for its reason", () => {
  const router4 = Uint8Array.from([10, 1, 0, 2]);
  const router6 = bytes("fd000001000000000000000000000002");
  const reasons: Unreachable[] = ["network", "host", "prohibited"];
  const frames = [
    ...reasons.map((why) => unreachableFrame(readSyn(SYN4)!, why, router4)),
    ...reasons.map((why) => unreachableFrame(readSyn(SYN6)!, why, router6)),
  ];
  for (const frame of frames.slice(0, 3)) assert.ok(hex(frame).endsWith(hex(SYN4.subarray(14))));
  for (const frame of frames.slice(3)) assert.ok(hex(frame).endsWith(hex(SYN6.subarray(18))));
  const lines = tcpdump(...frames);
  const said = [
    /10\.1\.0\.2 > 10\.1\.0\.11: ICMP net 10\.2\.0\.11 unreachable/,
    /10\.1\.0\.2 > 10\.1\.0\.11: ICMP host 10\.2\.0\.11 unreachable/,
    /10\.1\.0\.2 > 10\.1\.0\.11: ICMP host 10\.2\.0\.11 unreachable - admin prohibited/,
    /icmp6 sum ok\] ICMP6, destination unreachable, unreachable route fd00:2::11/,
    /icmp6 sum ok\] ICMP6, destination unreachable, unreachable address fd00:2::11/,
    /icmp6 sum ok\] ICMP6, destination unreachable, {1,2}unreachable prohibited fd00:2::11/,
  ];
  for (const [index, line] of lines.entries()) {
    assert.match(line, said[index]!);
    assert.doesNotMatch(line, /bad cksum|wrong|incorrect/i);
  }
  assert.equal(lines.length, 6);
});

test("an ICMP error is read: whose packet it is about, and what it says", () => {
  const outcomes = [
    ["network", MessageStatus.NETWORK_UNREACHABLE],
    ["host", MessageStatus.UNREACHABLE],
    ["prohibited", MessageStatus.PROHIBITED],
  ] as const;
  for (const frame of [SYN4, SYN6]) {
    const syn = readSyn(frame)!;
    const { source, sourcePort, destination, destinationPort } = syn;
    for (const [why, status] of outcomes) {
      const error = readIcmpError(unreachableFrame(syn, why, destination));
      assert.deepEqual(error, {
        addresses: {
          source: Uint8Array.from(source),
          sourcePort,
          destination: Uint8Array.from(destination),
          destinationPort,
        },
        status,
      });
    }
  }
});

test("what is no ICMP error about TCP, or is damaged, cut off or too big a packet's, is none", () => {
  const whole = unreachableFrame(readSyn(SYN4)!, "host", Uint8Array.from([10, 1, 0, 2]));
  assert.ok(readIcmpError(whole));
  for (let length = 0; length < whole.length; length++)
    assert.equal(readIcmpError(whole.subarray(0, length)), undefined);
  const changed = (at: number, value: number) => {
    const frame = Uint8Array.from(whole);
    frame[at] = value;
    return readIcmpError(frame);
  };
  assert.equal(changed(14 + 20 + 1, 4), undefined, "the checksum is wrong, and it is about a packet's size");
  assert.equal(changed(14 + 20 + 8 + 9, 17), undefined, "about UDP");
  assert.equal(readIcmpError(SYN4), undefined);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(255))), fc.nat(120), (changes, length) => {
      const hostile = Uint8Array.from(whole);
      for (const [at, value] of changes) hostile[at % hostile.length] = value;
      readIcmpError(hostile.subarray(0, length));
    }),
    { numRuns: 3000 },
  );
});
