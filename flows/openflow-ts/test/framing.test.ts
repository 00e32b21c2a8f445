import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError, Deframer, encode, ParseError, parseAddress } from "openflow-ts";

const echo = (length: number, xid: number) =>
  encode({ version: 6, xid, message: { type: "echo_request", data: new Uint8Array(length).fill(xid) } });

test("messages come out whole however the stream is cut", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(lengths, cuts, (sizes, steps) => {
      const messages = sizes.map((size, index) => echo(size, index));
      const stream = Buffer.concat(messages);
      const deframer = new Deframer();
      const out: Uint8Array[] = [];
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const next = Math.min(stream.length, at + steps[i % steps.length]!);
        for (const message of deframer.push(stream.subarray(at, next))) out.push(message);
        at = next;
      }
      assert.deepEqual(
        out.map((one) => Buffer.from(one)),
        messages.map((one) => Buffer.from(one)),
      );
    }),
  );
});

test("a length that is less than that of a header ends the stream", () => {
  assert.throws(() => [...new Deframer().push(Uint8Array.of(6, 0, 0, 7, 0, 0, 0, 0))], DecodeError);
});

test("addresses", () => {
  assert.deepEqual(parseAddress("unix:/run/br0.mgmt"), {
    transport: "unix",
    passive: false,
    path: "/run/br0.mgmt",
  });
  assert.deepEqual(parseAddress("tcp:10.0.0.1"), {
    transport: "tcp",
    passive: false,
    host: "10.0.0.1",
    port: 6653,
  });
  assert.deepEqual(parseAddress("ssl:[fd00::1]:6640"), {
    transport: "ssl",
    passive: false,
    host: "fd00::1",
    port: 6640,
  });
  assert.deepEqual(parseAddress("ptcp:"), { transport: "tcp", passive: true, host: undefined, port: 6653 });
  assert.deepEqual(parseAddress("pssl:6640:[::1]"), {
    transport: "ssl",
    passive: true,
    host: "::1",
    port: 6640,
  });
  assert.deepEqual(parseAddress("punix:a b"), { transport: "unix", passive: true, path: "a b" });
  for (const wrong of ["", "udp:1.2.3.4", "tcp:", "tcp:fd00::1:6653", "unix:", "tcp:a:99999", "ptcp:x"]) {
    assert.throws(() => parseAddress(wrong), ParseError, wrong);
  }
});
