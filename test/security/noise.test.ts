import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AEAD_TAG_BYTES, datagramCipher, Region } from "../../driver/ffi/index.js";
import { KeyPair, NoiseInitiator, NoiseResponder } from "../../driver/security/index.js";
import { VECTOR } from "./noise-vectors.js";

const hex = (text: string) => Buffer.from(text, "hex");
const pair = (text: string) => KeyPair.fromPrivate(hex(text));
const PROLOGUE = hex(VECTOR.prologue);
const [FIRST, SECOND] = VECTOR.handshake;

function initiator(): NoiseInitiator {
  return new NoiseInitiator(
    pair(VECTOR.initiatorStatic),
    hex(VECTOR.responderPublic),
    PROLOGUE,
    hex(FIRST.payload),
    pair(VECTOR.initiatorEphemeral),
  );
}

function responder(message: Uint8Array): NoiseResponder {
  const read = NoiseResponder.read(pair(VECTOR.responderStatic), PROLOGUE, message);
  assert.ok(read !== undefined);
  return read;
}

describe("Noise IK", () => {
  it("makes and reads the published messages", () => {
    const initiating = initiator();
    assert.equal(initiating.message.toString("hex"), FIRST.message);
    const responding = responder(hex(FIRST.message));
    assert.equal(responding.payload.toString("hex"), FIRST.payload);
    assert.deepEqual(responding.peer, Buffer.from(pair(VECTOR.initiatorStatic).publicKey));
    const answer = responding.answer(hex(SECOND.payload), pair(VECTOR.responderEphemeral));
    assert.equal(answer?.message.toString("hex"), SECOND.message);
    const read = initiating.readAnswer(hex(SECOND.message));
    assert.equal(read?.payload.toString("hex"), SECOND.payload);
    assert.deepEqual(answer?.keys, { ...read?.keys, send: read?.keys.receive, receive: read?.keys.send });
  });

  it("has keys that seal as published, by the datagrams' cipher", () => {
    const { keys } = initiator().readAnswer(hex(SECOND.message))!;
    const ciphers = [datagramCipher(keys.send), datagramCipher(keys.receive)];
    const region = new Region(4096);
    for (const [i, { payload, message }] of VECTOR.transport.entries()) {
      const length = hex(payload).copy(region.bytes);
      ciphers[i % 2]!.seal(region, 0, 0, length, Math.floor(i / 2));
      assert.equal(region.bytes.toString("hex", 0, length + AEAD_TAG_BYTES), message);
    }
  });

  it("reads nothing of a message that is altered, cut short, or for someone else", () => {
    const first = hex(FIRST.message);
    for (let at = 0; at < first.length; at += 1) {
      const altered = Buffer.from(first);
      altered[at]! ^= 1;
      assert.equal(NoiseResponder.read(pair(VECTOR.responderStatic), PROLOGUE, altered), undefined);
      const short = first.subarray(0, at);
      assert.equal(NoiseResponder.read(pair(VECTOR.responderStatic), PROLOGUE, short), undefined);
    }
    assert.equal(NoiseResponder.read(KeyPair.generate(), PROLOGUE, first), undefined);
    assert.equal(NoiseResponder.read(pair(VECTOR.responderStatic), hex("00"), first), undefined);
  });

  it("finds the true answer after false ones", () => {
    const initiating = initiator();
    const second = hex(SECOND.message);
    for (let at = 0; at < second.length; at += 1) {
      const altered = Buffer.from(second);
      altered[at]! ^= 0x80;
      // The highest bit of an X25519 key means nothing (RFC 7748 §5), but it is part of what is hashed.
      assert.equal(initiating.readAnswer(altered), undefined, `byte ${at}`);
      assert.equal(initiating.readAnswer(second.subarray(0, at)), undefined);
    }
    assert.equal(initiating.readAnswer(answerToAnother()), undefined);
    assert.ok(initiating.readAnswer(second) !== undefined);
  });

  it("refuses keys that are points of small order", () => {
    const zero = new Uint8Array(32);
    assert.throws(() => new NoiseInitiator(KeyPair.generate(), zero, PROLOGUE, zero), /not a point/);
    const first = hex(FIRST.message);
    first.fill(0, 0, 32);
    assert.equal(NoiseResponder.read(pair(VECTOR.responderStatic), PROLOGUE, first), undefined);
    const second = hex(SECOND.message);
    second.fill(0, 0, 32);
    assert.equal(initiator().readAnswer(second), undefined);
  });
});

/** An answer to someone else's message. */
function answerToAnother(): Buffer {
  const own = pair(VECTOR.responderStatic);
  const other = new NoiseInitiator(KeyPair.generate(), own.publicKey, PROLOGUE, hex("00"));
  return NoiseResponder.read(own, PROLOGUE, other.message)!.answer(hex("00"))!.message;
}
