import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

/** X25519 keys (RFC 7748 §5): 32 bytes, private and public. */
export const KEY_BYTES = 32;

/** DER of a PKCS #8 private key, up to the 32 bytes of the key itself (RFC 8410 §7). */
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** A text that is not a key. The text is not in the message: it may be a secret. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly code = "key";
}

/** A private key with its public one. */
export class KeyPair {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const { x } = createPublicKey(privateKey).export({ format: "jwk" });
    this.publicKey = Buffer.from(x!, "base64url");
  }

  static generate(): KeyPair {
    return new KeyPair(generateKeyPairSync("x25519").privateKey);
  }

  /** @throws KeyError if it is not 32 bytes */
  static fromPrivate(bytes: Uint8Array): KeyPair {
    if (bytes.length !== KEY_BYTES)
      throw new KeyError(`a key has ${KEY_BYTES} bytes, this one ${bytes.length}`);
    const key = Buffer.concat([PRIVATE_PREFIX, bytes]);
    try {
      return new KeyPair(createPrivateKey({ key, format: "der", type: "pkcs8" }));
    } finally {
      key.fill(0);
    }
  }

  /** The private key. Whoever takes it wipes it. */
  privateBytes(): Buffer {
    return this.#privateKey.export({ format: "der", type: "pkcs8" }).subarray(-KEY_BYTES);
  }

  /** What this key and the peer's have in common; undefined if the peer's is no good (RFC 7748 §6.1: all zero). */
  agree(peer: Uint8Array): Buffer | undefined {
    try {
      return diffieHellman({ privateKey: this.#privateKey, publicKey: publicKeyObject(peer) });
    } catch {
      return undefined;
    }
  }
}

/** As a JSON web key (RFC 8037 §2), which takes a ninth of the time that node needs for DER. */
function publicKeyObject(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

/** As keys are written in files and configurations: base64, 44 characters. */
export function formatKey(key: Uint8Array): string {
  return Buffer.from(key).toString("base64");
}

/** @throws KeyError */
export function parseKey(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== KEY_BYTES || formatKey(bytes) !== text)
    throw new KeyError('a key is 32 bytes in base64: 44 characters, the last one "="');
  return bytes;
}
