import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { KEY_BYTES, KeyPair } from "./keys.js";

/**
 * The handshake of the Noise protocol framework (revision 34), pattern IK:
 *
 *     IK:  <- s
 *          …
 *          -> e, es, s, ss   and a payload
 *          <- e, ee, se      and a payload
 *
 * Both sides are authenticated by their static keys, the initiator's is not seen by others, and the keys that come of it
 * are of no use to who learns the static keys later. The first message can be replayed, so nothing may be believed of it
 * until the initiator has used the keys.
 */
const PROTOCOL = "Noise_IK_25519_AESGCM_SHA256";
const TAG_BYTES = 16;
const FIRST_BYTES = KEY_BYTES + KEY_BYTES + TAG_BYTES + TAG_BYTES;
const SECOND_BYTES = KEY_BYTES + TAG_BYTES;

/** What the messages are longer than their payloads. */
export const NOISE_OVERHEAD = { first: FIRST_BYTES, second: SECOND_BYTES } as const;

/** What both sides have in the end. */
export interface NoiseKeys {
  readonly send: Buffer;
  readonly receive: Buffer;
  /** Of all that has been said: the same on both sides, and in no other handshake. */
  readonly hash: Buffer;
}

/** §5.2: `SymmetricState` with its `CipherState`. */
class SymmetricState {
  hash: Buffer;
  #chainingKey: Buffer;
  #key: Buffer | undefined;
  #nonce = 0;

  constructor(prologue: Uint8Array) {
    const name = Buffer.alloc(32);
    name.write(PROTOCOL);
    this.hash = name;
    this.#chainingKey = name;
    this.mixHash(prologue);
  }

  clone(): SymmetricState {
    const copy = new SymmetricState(new Uint8Array(0));
    copy.hash = this.hash;
    copy.#chainingKey = this.#chainingKey;
    copy.#key = this.#key;
    copy.#nonce = this.#nonce;
    return copy;
  }

  mixHash(data: Uint8Array): void {
    this.hash = createHash("sha256").update(this.hash).update(data).digest();
  }

  mixKey(input: Uint8Array): void {
    [this.#chainingKey, this.#key] = this.#derive(input);
    this.#nonce = 0;
  }

  encryptAndHash(plain: Uint8Array): Buffer {
    const cipher = createCipheriv("aes-256-gcm", this.#key!, this.#nextNonce());
    cipher.setAAD(this.hash);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    this.mixHash(sealed);
    return sealed;
  }

  /** Undefined: not made with these keys. */
  decryptAndHash(sealed: Uint8Array): Buffer | undefined {
    const tagAt = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", this.#key!, this.#nextNonce());
    decipher.setAAD(this.hash).setAuthTag(sealed.subarray(tagAt));
    try {
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
      this.mixHash(sealed);
      return plain;
    } catch {
      return undefined;
    }
  }

  /** The initiator's sending key, and the responder's. */
  split(): readonly [Buffer, Buffer] {
    return this.#derive(new Uint8Array(0));
  }

  /** §4.3: HKDF with two outputs. */
  #derive(input: Uint8Array): [Buffer, Buffer] {
    const output = Buffer.from(hkdfSync("sha256", input, this.#chainingKey, "", 64));
    return [output.subarray(0, 32), output.subarray(32)];
  }

  #nextNonce(): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(this.#nonce, 8);
    this.#nonce += 1;
    return nonce;
  }
}

/** The side that speaks first. */
export class NoiseInitiator {
  /** The first message. */
  readonly message: Buffer;
  readonly #own: KeyPair;
  readonly #ephemeral: KeyPair;
  readonly #state: SymmetricState;

  /** `ephemeral`: fresh for each handshake. @throws Error if the peer's public key is none */
  constructor(
    own: KeyPair,
    peer: Uint8Array,
    prologue: Uint8Array,
    payload: Uint8Array,
    ephemeral = KeyPair.generate(),
  ) {
    this.#own = own;
    this.#ephemeral = ephemeral;
    const state = new SymmetricState(prologue);
    state.mixHash(peer);
    state.mixHash(ephemeral.publicKey);
    const [es, ss] = [ephemeral.agree(peer), own.agree(peer)];
    if (es === undefined || ss === undefined)
      throw new Error("the peer's public key is not a point of the curve");
    state.mixKey(es);
    const sealedStatic = state.encryptAndHash(own.publicKey);
    state.mixKey(ss);
    this.message = Buffer.concat([ephemeral.publicKey, sealedStatic, state.encryptAndHash(payload)]);
    this.#state = state;
  }

  /** Undefined: not the answer to this message, or not by the peer. It may be asked again. */
  readAnswer(message: Uint8Array): { payload: Buffer; keys: NoiseKeys } | undefined {
    if (message.length < SECOND_BYTES) return undefined;
    const state = this.#state.clone();
    const peerEphemeral = message.subarray(0, KEY_BYTES);
    state.mixHash(peerEphemeral);
    const [ee, se] = [this.#ephemeral.agree(peerEphemeral), this.#own.agree(peerEphemeral)];
    if (ee === undefined || se === undefined) return undefined;
    state.mixKey(ee);
    state.mixKey(se);
    const payload = state.decryptAndHash(message.subarray(KEY_BYTES));
    if (payload === undefined) return undefined;
    const [send, receive] = state.split();
    return { payload, keys: { send, receive, hash: state.hash } };
  }
}

/** The side that is spoken to, with a first message that it could read. */
export class NoiseResponder {
  /** The initiator's static public key, which it has shown to have the private one of. */
  readonly peer: Buffer;
  readonly payload: Buffer;
  readonly #peerEphemeral: Uint8Array;
  readonly #state: SymmetricState;

  private constructor(peer: Buffer, payload: Buffer, peerEphemeral: Uint8Array, state: SymmetricState) {
    this.peer = peer;
    this.payload = payload;
    this.#peerEphemeral = peerEphemeral;
    this.#state = state;
  }

  /** Undefined: it was not made for our key, or is damaged. */
  static read(own: KeyPair, prologue: Uint8Array, message: Uint8Array): NoiseResponder | undefined {
    if (message.length < FIRST_BYTES) return undefined;
    const state = new SymmetricState(prologue);
    state.mixHash(own.publicKey);
    // The message's memory is somebody else's, and the answer comes later.
    const peerEphemeral = Buffer.from(message.subarray(0, KEY_BYTES));
    state.mixHash(peerEphemeral);
    const es = own.agree(peerEphemeral);
    if (es === undefined) return undefined;
    state.mixKey(es);
    const staticEnd = KEY_BYTES + KEY_BYTES + TAG_BYTES;
    const peer = state.decryptAndHash(message.subarray(KEY_BYTES, staticEnd));
    const ss = peer && own.agree(peer);
    if (peer === undefined || ss === undefined) return undefined;
    state.mixKey(ss);
    const payload = state.decryptAndHash(message.subarray(staticEnd));
    return payload && new NoiseResponder(peer, payload, peerEphemeral, state);
  }

  /** The second message, and the keys. Undefined: the initiator's keys are no good. To be called once. */
  answer(
    payload: Uint8Array,
    ephemeral = KeyPair.generate(),
  ): { message: Buffer; keys: NoiseKeys } | undefined {
    const state = this.#state;
    state.mixHash(ephemeral.publicKey);
    const [ee, se] = [ephemeral.agree(this.#peerEphemeral), ephemeral.agree(this.peer)];
    if (ee === undefined || se === undefined) return undefined;
    state.mixKey(ee);
    state.mixKey(se);
    const message = Buffer.concat([ephemeral.publicKey, state.encryptAndHash(payload)]);
    const [receive, send] = state.split();
    return { message, keys: { send, receive, hash: state.hash } };
  }
}
