import {
  CookieJar,
  formatKey,
  KeyPair,
  MAC_BYTES,
  mac,
  NoiseInitiator,
  type NoiseKeys,
  NoiseResponder,
  PairwiseKeys,
} from "../../security/index.js";
import { DATAGRAM_HEADER_BYTES, PacketType, writeDatagramHeader } from "../wire/datagram.js";
import { HANDSHAKE_HEADER_BYTES, senderTag } from "../wire/handshake.js";
import { readU64 } from "../wire/integer.js";
import { SealedChannel } from "./channel.js";
import type { Agreement, Begun, Heard, Security, Stranger } from "./security.js";

export interface SealedOptions {
  /** Ours, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** The peer's public key, 32 bytes. */
  readonly peerKey: Uint8Array;
}

/** Of version and purpose: who means another protocol does not understand us. */
const PROLOGUE = Buffer.from("ovs-tpo mover 1");
/** The mark of the pair, and the cookie's. */
const MARKS_BYTES = 2 * MAC_BYTES;

/**
 * Handshakes by Noise IK, each message with two marks behind it: that only the pair can make (looked at first, so that
 * strangers cost one HMAC and get no answer), and that of a cookie, zeros without one.
 */
export class SealedSecurity implements Security {
  readonly helloType = PacketType.SEALED_HELLO;
  readonly answerType = PacketType.SEALED_ANSWER;
  readonly #own: KeyPair;
  readonly #peer: Uint8Array;
  readonly #pair: PairwiseKeys;
  readonly #jar = new CookieJar();

  /** @throws KeyError if a key is none */
  constructor({ privateKey, peerKey }: SealedOptions) {
    this.#own = KeyPair.fromPrivate(privateKey);
    this.#peer = peerKey;
    this.#pair = new PairwiseKeys(this.#own, peerKey);
  }

  mark(datagram: Uint8Array, cookie?: Uint8Array): Uint8Array {
    const end = datagram.length;
    const out = new Uint8Array(end + MARKS_BYTES);
    out.set(datagram);
    out.set(this.#pair.mac(datagram), end);
    if (cookie !== undefined) out.set(mac(cookie, out.subarray(0, end + MAC_BYTES)), end + MAC_BYTES);
    return out;
  }

  verify(datagram: Uint8Array): number {
    const end = datagram.length - MARKS_BYTES;
    if (end < HANDSHAKE_HEADER_BYTES) return -1;
    return this.#pair.isAuthentic(datagram.subarray(0, end), pairMark(datagram)) ? end : -1;
  }

  begin(payload: Uint8Array): Begun {
    const noise = new NoiseInitiator(this.#own, this.#peer, PROLOGUE, payload);
    return {
      body: noise.message,
      readAnswer: (body) => {
        const read = noise.readAnswer(body);
        return read && { payload: read.payload, agreement: agreement(read.keys) };
      },
    };
  }

  hear(body: Uint8Array): Heard | undefined {
    const noise = NoiseResponder.read(this.#own, PROLOGUE, body);
    if (noise === undefined || !noise.peer.equals(this.#peer)) return undefined;
    return {
      payload: noise.payload,
      answer: (payload) => {
        const answer = noise.answer(payload);
        return answer && { body: answer.message, agreement: agreement(answer.keys) };
      },
    };
  }

  /** Whoever knows our public key shows its own, and that it has the private one. */
  stranger(datagram: Uint8Array): Stranger | undefined {
    const type = datagram[0]! & 0x0f;
    if (type === PacketType.HELLO || type === PacketType.ANSWER) return { kind: "unencrypted" };
    if (type !== PacketType.SEALED_HELLO) return undefined;
    const end = datagram.length - MARKS_BYTES;
    if (end < HANDSHAKE_HEADER_BYTES) return undefined;
    const noise = NoiseResponder.read(this.#own, PROLOGUE, datagram.subarray(HANDSHAKE_HEADER_BYTES, end));
    if (noise === undefined) return { kind: "wrong-key" };
    return noise.peer.equals(this.#peer) ? undefined : { kind: "other-key", key: formatKey(noise.peer) };
  }

  /** Header with the sender's tag, and the cookie, sealed. Shorter than what it answers. */
  offerCookie(now: number, hello: Uint8Array, from: string): Uint8Array {
    const sealed = this.#pair.sealCookie(this.#jar.bake(now, from), pairMark(hello));
    const out = new Uint8Array(DATAGRAM_HEADER_BYTES + sealed.length);
    writeDatagramHeader(out, 0, PacketType.COOKIE, senderTag(hello));
    out.set(sealed, DATAGRAM_HEADER_BYTES);
    return out;
  }

  hasCookie(now: number, hello: Uint8Array, from: string): boolean {
    const at = hello.length - MAC_BYTES;
    return this.#jar.isMarked(now, from, hello.subarray(0, at), hello.subarray(at));
  }

  takeCookie(datagram: Uint8Array, hello: Uint8Array): Uint8Array | undefined {
    return this.#pair.openCookie(datagram.subarray(DATAGRAM_HEADER_BYTES), pairMark(hello));
  }
}

function pairMark(datagram: Uint8Array): Uint8Array {
  return datagram.subarray(datagram.length - MARKS_BYTES, datagram.length - MAC_BYTES);
}

function agreement(keys: NoiseKeys): Agreement {
  return {
    id: readU64(keys.hash, 0),
    channel: (localTag, remoteTag) => new SealedChannel(localTag, remoteTag, keys),
  };
}
