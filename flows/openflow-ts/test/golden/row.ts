import type { Message, Version } from "openflow-ts";

/** Bytes as digits, with spaces anywhere. */
export function hex(digits: TemplateStringsArray): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.join("").replaceAll(/\s/g, ""), "hex"));
}

/** The transaction of all of them. */
export const xid = 0x11223344;

/** What it is, the version, the bytes, the message. */
export type Golden = readonly [string, Version, Uint8Array, Message];
