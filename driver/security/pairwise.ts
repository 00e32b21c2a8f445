import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { KeyError, type KeyPair } from "./keys.js";

export const MAC_BYTES = 16;
export const COOKIE_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A cookie as it is sent. */
export const SEALED_COOKIE_BYTES = NONCE_BYTES + COOKIE_BYTES + TAG_BYTES;

/**
 * What two sides can tell of each other's handshake messages before any of the costly work: each is marked with a key that
 * only the two can know, from their static keys. Who has neither private key gets past nothing, whatever it may have
 * heard of public ones; what it can still do is to repeat what it has recorded.
 */
export class PairwiseKeys {
  readonly #send: Buffer;
  readonly #receive: Buffer;
  readonly #sendCookie: Buffer;
  readonly #receiveCookie: Buffer;

  /** @throws KeyError if `peer` is no public key */
  constructor(own: KeyPair, peer: Uint8Array) {
    const shared = own.agree(peer);
    if (shared === undefined) throw new KeyError("this is not a public key: no private key belongs to it");
    // Each direction has its own, so that nothing can be sent back to who has made it.
    const derive = (from: Uint8Array, use: string) =>
      Buffer.from(hkdfSync("sha256", shared, from, `ovs-tpo ${use}`, 32));
    this.#send = derive(own.publicKey, "mac");
    this.#receive = derive(peer, "mac");
    this.#sendCookie = derive(own.publicKey, "cookie");
    this.#receiveCookie = derive(peer, "cookie");
    shared.fill(0);
  }

  /** The mark of a message of ours. */
  mac(message: Uint8Array): Buffer {
    return mac(this.#send, message);
  }

  /** Whether the peer has made this message, now or at any time. */
  isAuthentic(message: Uint8Array, mark: Uint8Array): boolean {
    return sameMac(mac(this.#receive, message), mark);
  }

  /** The cookie, for the peer's eyes only; `mark` is that of the message that it answers. */
  sealCookie(cookie: Uint8Array, mark: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#sendCookie, nonce).setAAD(mark);
    return Buffer.concat([nonce, cipher.update(cookie), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined: not the peer's, or not to the message with this mark. */
  openCookie(sealed: Uint8Array, mark: Uint8Array): Buffer | undefined {
    if (sealed.length !== SEALED_COOKIE_BYTES) return undefined;
    const tagAt = NONCE_BYTES + COOKIE_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", this.#receiveCookie, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(mark).setAuthTag(sealed.subarray(tagAt));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}

/** HMAC-SHA-256, half of it (RFC 2104 §5). */
export function mac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac("sha256", key).update(message).digest().subarray(0, MAC_BYTES);
}

export function sameMac(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
