import { createCipheriv, createDecipheriv } from "node:crypto";
import koffi from "koffi";
import { address, Region } from "./region.js";

export const AEAD_KEY_BYTES = 32;
export const AEAD_TAG_BYTES = 16;

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;

/**
 * AES-256-GCM under one key, in place, over datagrams in pinned memory. The nonce is 32 zero bits and the datagram's
 * number in 64 (as in the Noise protocol framework, revision 34, §12.4); whoever seals uses each number once.
 */
export interface DatagramCipher {
  /**
   * Of the `length` bytes at `at` the first `clear` stay as they are and are authenticated; the others are encrypted.
   * The tag goes into the 16 bytes behind them.
   */
  seal(region: Region, at: number, clear: number, length: number, number: number): void;
  /** Undoes `seal`; `length` counts the tag. False: forged or damaged, and the bytes are of no use. */
  open(region: Region, at: number, clear: number, length: number, number: number): boolean;
  /** Wipes the key; the cipher cannot be used any more. */
  erase(): void;
}

/** By OpenSSL's own functions where they can be called, else by `node:crypto`, at several times the cost. */
export function datagramCipher(key: Uint8Array): DatagramCipher {
  return evp === undefined ? new PortableCipher(key) : new NativeCipher(key);
}

/** Whether `datagramCipher` is the fast one. */
export function hasNativeCipher(): boolean {
  return evp !== undefined;
}

/** By `node:crypto`. */
export class PortableCipher implements DatagramCipher {
  readonly #key: Buffer;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key);
  }

  seal({ bytes }: Region, at: number, clear: number, length: number, number: number): void {
    writeNonce(this.#nonce, 0, number);
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce);
    cipher.setAAD(bytes.subarray(at, at + clear));
    cipher.update(bytes.subarray(at + clear, at + length)).copy(bytes, at + clear);
    cipher.final();
    cipher.getAuthTag().copy(bytes, at + length);
  }

  open({ bytes }: Region, at: number, clear: number, length: number, number: number): boolean {
    const end = at + length - AEAD_TAG_BYTES;
    if (end < at + clear) return false;
    writeNonce(this.#nonce, 0, number);
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#nonce);
    decipher.setAAD(bytes.subarray(at, at + clear));
    decipher.setAuthTag(bytes.subarray(end, end + AEAD_TAG_BYTES));
    decipher.update(bytes.subarray(at + clear, end)).copy(bytes, at + clear);
    try {
      decipher.final();
      return true;
    } catch {
      return false;
    }
  }

  erase(): void {
    this.#key.fill(0);
  }
}

/**
 * By the functions of the OpenSSL that is part of node (EVP_EncryptInit(3)): one context for each direction, which keeps
 * the expanded key, so that a datagram costs a new nonce and not a new context.
 */
export class NativeCipher implements DatagramCipher {
  #seal: number;
  #open: number;

  /** @throws Error where node does not let its OpenSSL be called; see {@link hasNativeCipher} */
  constructor(key: Uint8Array) {
    if (evp === undefined) throw new Error("this node does not export OpenSSL's functions");
    this.#seal = newContext(key, SEAL);
    this.#open = newContext(key, OPEN);
  }

  seal(region: Region, at: number, clear: number, length: number, number: number): void {
    const start = address(region, at, length + AEAD_TAG_BYTES);
    const well =
      begin(this.#seal, number, start, clear) &&
      update(this.#seal, start + clear, length - clear) &&
      evp!.final(this.#seal, start + length, SCRATCH + COUNT_AT) === 1 &&
      evp!.control(this.#seal, GET_TAG, AEAD_TAG_BYTES, start + length) === 1;
    // It cannot fail but for want of memory; and what is not sealed must not be sent.
    if (!well) throw new Error("OpenSSL could not seal a datagram");
  }

  open(region: Region, at: number, clear: number, length: number, number: number): boolean {
    const inner = length - clear - AEAD_TAG_BYTES;
    if (inner < 0) return false;
    const start = address(region, at, length);
    return (
      begin(this.#open, number, start, clear) &&
      update(this.#open, start + clear, inner) &&
      evp!.control(this.#open, SET_TAG, AEAD_TAG_BYTES, start + clear + inner) === 1 &&
      evp!.final(this.#open, start + clear + inner, SCRATCH + COUNT_AT) === 1
    );
  }

  erase(): void {
    for (const context of [this.#seal, this.#open]) if (context !== 0) evp!.free(context);
    this.#seal = 0;
    this.#open = 0;
  }
}

/** evp.h */
const GET_TAG = 0x10;
const SET_TAG = 0x11;
const OPEN = 0;
const SEAL = 1;

const evp = bindEvp();

function bindEvp() {
  try {
    const node = koffi.load(null);
    return {
      algorithm: node.func("uintptr_t EVP_aes_256_gcm()")() as number,
      create: node.func("uintptr_t EVP_CIPHER_CTX_new()"),
      free: node.func("void EVP_CIPHER_CTX_free(uintptr_t context)"),
      init: node.func(
        "int EVP_CipherInit_ex(uintptr_t context, uintptr_t type, uintptr_t engine, uintptr_t key, uintptr_t nonce, int direction)",
      ),
      update: node.func(
        "int EVP_CipherUpdate(uintptr_t context, uintptr_t out, uintptr_t written, uintptr_t in, int length)",
      ),
      final: node.func("int EVP_CipherFinal_ex(uintptr_t context, uintptr_t out, uintptr_t written)"),
      control: node.func(
        "int EVP_CIPHER_CTX_ctrl(uintptr_t context, int type, int argument, uintptr_t pointer)",
      ),
    } as const;
  } catch {
    return undefined;
  }
}

/** What OpenSSL reads and writes beside datagrams: the nonce, a count that nobody needs, a key on its way. */
const scratch = new Region(4096);
const COUNT_AT = 16;
const KEY_AT = 32;
const SCRATCH = address(scratch, 0, scratch.length);

function newContext(key: Uint8Array, direction: number): number {
  if (key.length !== AEAD_KEY_BYTES)
    throw new RangeError(`a key of ${key.length} bytes instead of ${AEAD_KEY_BYTES}`);
  const context = evp!.create() as number;
  scratch.bytes.set(key, KEY_AT);
  const done = evp!.init(context, evp!.algorithm, 0, SCRATCH + KEY_AT, SCRATCH, direction);
  scratch.bytes.fill(0, KEY_AT, KEY_AT + AEAD_KEY_BYTES);
  if (done !== 1) throw new Error("OpenSSL does not take the key");
  return context;
}

/** A new nonce, and what is authenticated only. */
function begin(context: number, number: number, start: number, clear: number): boolean {
  if (context === 0) throw new Error("this cipher has been erased");
  writeNonce(scratch.bytes, 0, number);
  // The direction is as it was (-1).
  return (
    evp!.init(context, 0, 0, 0, SCRATCH, -1) === 1 &&
    evp!.update(context, 0, SCRATCH + COUNT_AT, start, clear) === 1
  );
}

function update(context: number, at: number, length: number): boolean {
  return evp!.update(context, at, SCRATCH + COUNT_AT, at, length) === 1;
}

function writeNonce(out: Uint8Array, at: number, number: number): void {
  const high = Math.floor(number / 0x1_0000_0000);
  for (let i = 0; i < 4; i += 1) {
    out[at + i] = 0;
    out[at + 4 + i] = high >>> (24 - 8 * i);
    out[at + 8 + i] = number >>> (24 - 8 * i);
  }
}
