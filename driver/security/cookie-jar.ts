import { randomBytes } from "node:crypto";
import { COOKIE_BYTES, mac, sameMac } from "./pairwise.js";

/** A secret serves for so many milliseconds, and as many more for cookies that are under way. */
export const COOKIE_LIFETIME = 120_000;
const SECRET_BYTES = 32;

/**
 * Cookies show that who sends from an address can receive there. Nothing is kept of a cookie that was given: it is the
 * address under a secret that changes.
 */
export class CookieJar {
  readonly #random: (bytes: number) => Uint8Array;
  #secret: Uint8Array;
  #before: Uint8Array;
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(random: (bytes: number) => Uint8Array = randomBytes) {
    this.#random = random;
    this.#secret = random(SECRET_BYTES);
    this.#before = this.#secret;
  }

  /** The cookie for an address. `now` in milliseconds. */
  bake(now: number, address: string): Buffer {
    this.#age(now);
    return cookie(this.#secret, address);
  }

  /** Whether `mark` was made of `message` with a cookie for this address. */
  isMarked(now: number, address: string, message: Uint8Array, mark: Uint8Array): boolean {
    this.#age(now);
    return [this.#secret, this.#before].some((secret) =>
      sameMac(mac(cookie(secret, address), message), mark),
    );
  }

  #age(now: number): void {
    if (now < this.#madeAt + COOKIE_LIFETIME) return;
    const fresh = this.#random(SECRET_BYTES);
    this.#before = now < this.#madeAt + 2 * COOKIE_LIFETIME ? this.#secret : fresh;
    this.#secret = fresh;
    this.#madeAt = now;
  }
}

function cookie(secret: Uint8Array, address: string): Buffer {
  return mac(secret, Buffer.from(address)).subarray(0, COOKIE_BYTES);
}
