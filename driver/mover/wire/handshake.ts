import { DATAGRAM_HEADER_BYTES, writeDatagramHeader } from "./datagram.js";
import { readU24, writeU24 } from "./integer.js";

/**
 * The datagrams of a handshake begin alike:
 *
 * ```
 * 0 header | 4 sender's tag, u24 | 7 transmission, u8 | 8 body, and what shows that it is authentic
 * ```
 *
 * `transmission` counts how often the same hello has been sent; the answer repeats it, so that the round trip is that of
 * the transmission which was answered.
 */
export const HANDSHAKE_HEADER_BYTES = DATAGRAM_HEADER_BYTES + 4;

export interface HandshakeHeader {
  readonly type: number;
  /** 0 in a hello. */
  readonly receiver: number;
  readonly sender: number;
  readonly transmission: number;
}

/** The datagram, but for what shows that it is authentic. */
export function encodeHandshake(header: HandshakeHeader, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HANDSHAKE_HEADER_BYTES + body.length);
  writeDatagramHeader(out, 0, header.type, header.receiver);
  writeU24(out, DATAGRAM_HEADER_BYTES, header.sender);
  out[HANDSHAKE_HEADER_BYTES - 1] = header.transmission;
  out.set(body, HANDSHAKE_HEADER_BYTES);
  return out;
}

export function senderTag(datagram: Uint8Array): number {
  return readU24(datagram, DATAGRAM_HEADER_BYTES);
}

export function transmissionOf(datagram: Uint8Array): number {
  return datagram[HANDSHAKE_HEADER_BYTES - 1]!;
}
