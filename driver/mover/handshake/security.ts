import type { SecurityOptions } from "../contract.js";
import type { Channel } from "./channel.js";
import { PlainSecurity } from "./plain.js";
import { SealedSecurity } from "./sealed.js";

/** What a handshake has come to. */
export interface Agreement {
  /** By which sessions are told apart: the same on both sides, and in no other handshake. */
  readonly id: bigint;
  /** To be called once. */
  channel(localTag: number, remoteTag: number): Channel;
}

/** A handshake that we have begun. */
export interface Begun {
  /** What is to be sent. */
  readonly body: Uint8Array;
  /** Undefined: not an answer to this. */
  readAnswer(body: Uint8Array): { payload: Uint8Array; agreement: Agreement } | undefined;
}

/** A handshake that the peer has begun, or that somebody repeats. */
export interface Heard {
  readonly payload: Uint8Array;
  /** Undefined: it cannot be answered. To be called once. */
  answer(payload: Uint8Array): { body: Uint8Array; agreement: Agreement } | undefined;
}

/** Somebody speaks from the peer's address, or with our tag, but not as the peer should. */
export type Stranger =
  /** It has shown to have the private key that belongs to `key`; that is not the peer's as we know it. */
  | { readonly kind: "other-key"; readonly key: string }
  /** It takes us for somebody with another key. */
  | { readonly kind: "wrong-key" }
  /** It does not seal, and we do. */
  | { readonly kind: "unencrypted" }
  /** It seals, and we do not. */
  | { readonly kind: "encrypted" };

/** How the two sides of a session make sure of each other. */
export interface Security {
  readonly helloType: number;
  readonly answerType: number;
  /** Puts behind a handshake's datagram what shows that it is ours. */
  mark(datagram: Uint8Array, cookie?: Uint8Array): Uint8Array;
  /** Where the body of a datagram ends, if it was the peer's at some time; else -1. Costs little. */
  verify(datagram: Uint8Array): number;
  begin(payload: Uint8Array): Begun;
  /** Undefined: of no peer of ours. Costs much. */
  hear(body: Uint8Array): Heard | undefined;
  /** What a hello or an answer that is not the peer's says of who sent it. Costs much. */
  stranger(datagram: Uint8Array): Stranger | undefined;
  /** The answer to a hello while there are too many: it is to be sent again with a cookie. Undefined: none. */
  offerCookie(now: number, hello: Uint8Array, from: string): Uint8Array | undefined;
  /** Whether the hello has the cookie that its sender was given. */
  hasCookie(now: number, hello: Uint8Array, from: string): boolean;
  /** The cookie in such an answer to `hello`; undefined if it is none. */
  takeCookie(datagram: Uint8Array, hello: Uint8Array): Uint8Array | undefined;
}

/** @throws KeyError if a key is none */
export function securityOf(options: SecurityOptions): Security {
  return options === "off" ? new PlainSecurity() : new SealedSecurity(options);
}
