import type { SecurityOptions } from "../../driver/mover/index.js";
import { KeyPair } from "../../driver/security/index.js";

/** The keys of two sites, a and b, as each of them is told. */
export function newSecurity(): { a: SecurityOptions; b: SecurityOptions } {
  const [a, b] = [KeyPair.generate(), KeyPair.generate()];
  return {
    a: { privateKey: a.privateBytes(), peerKey: b.publicKey },
    b: { privateKey: b.privateBytes(), peerKey: a.publicKey },
  };
}

/** Those that tests use which do not care. */
export const SECURITY = newSecurity();

const one = KeyPair.generate();
/** For tests in which every site has the same key. */
export const SAME_KEY: SecurityOptions = { privateKey: one.privateBytes(), peerKey: one.publicKey };
