/**
 * A deliberately plain reading of docs/wire-format.md, "Segment": everything in objects, numbers by
 * BigInt and DataView, one subfield after the other. The codec is compared with it.
 */

export interface NaiveAcknowledgement {
  highestSent: bigint;
  highestReceived: bigint;
  lowestLogical: bigint;
  deliveryRate: number;
  delay: number;
  receiveWindow: number;
  time: number;
  /** Every physical number that the bitmap says was received. */
  received: bigint[];
}

export interface NaiveDatagram {
  type: number;
  tag: number;
  data?: { index: number; segments: number; logical: number; physical: bigint; payload: number[] };
  acknowledgement?: NaiveAcknowledgement;
  close?: true;
  probe?: number;
  confirmation?: { transmission: number; delay: number };
  answer?: { probe: number; bytes: number };
  repair?: { window: number; first: number; key: number; sum: number[] };
}

/** Undefined if the datagram is to be refused. */
export function naiveRead(bytes: Uint8Array): NaiveDatagram | undefined {
  if (bytes.length < 4 || bytes[0]! >> 4 !== 1) return undefined;
  const result: NaiveDatagram = { type: bytes[0]! & 15, tag: Number(unsigned(bytes.slice(1, 4))) };
  if (result.type !== 2) return undefined;
  let rest = bytes.slice(4);
  while (rest.length > 0) {
    const length = rest[0]!;
    if (rest.length < 2 || length < 2 || length > rest.length) return undefined;
    const code = rest[1]!;
    const body = rest.slice(2, length);
    rest = rest.slice(length);
    if (code === 1) {
      if (body.length !== 12 || body[0]! >= body[1]! || rest.length === 0) return undefined;
      const physical = unsigned(body.slice(6, 12));
      if (physical === 0n) return undefined;
      const [index, segments] = [body[0]!, body[1]!];
      result.data = {
        index,
        segments,
        logical: Number(unsigned(body.slice(2, 6))),
        physical,
        payload: [...rest],
      };
      return result;
    }
    if (code === 2) {
      if (result.acknowledgement !== undefined || body.length < 32) return undefined;
      const highestReceived = unsigned(body.slice(6, 12));
      result.acknowledgement = {
        highestSent: unsigned(body.slice(0, 6)),
        highestReceived,
        lowestLogical: unsigned(body.slice(12, 18)),
        deliveryRate: Number(unsigned(body.slice(18, 22))) * 1000,
        delay: Number(unsigned(body.slice(22, 24))) * 0.016,
        receiveWindow: Number(unsigned(body.slice(24, 28))),
        time: Number(unsigned(body.slice(28, 32))),
        received: [],
      };
      if (!naiveBitmap(result.acknowledgement, highestReceived - (highestReceived % 8n), body.slice(32)))
        return undefined;
    }
    if (code === 3) {
      if (result.acknowledgement === undefined || body.length < 6) return undefined;
      const first = unsigned(body.slice(0, 6));
      if (first % 8n !== 0n || !naiveBitmap(result.acknowledgement, first, body.slice(6))) return undefined;
    }
    if (code === 4) result.close = true;
    if (code === 5) {
      if (body.length !== 4) return undefined;
      result.probe = Number(unsigned(body));
      return result;
    }
    if (code === 8) {
      const window = Number(unsigned(body.slice(0, 2)));
      if (body.length !== 8 || window === 0 || window > 1024 || rest.length === 0) return undefined;
      result.repair = { window, first: Number(unsigned(body.slice(2, 6))), key: body[6]!, sum: [...rest] };
      return result;
    }
    if (code === 7) {
      if (body.length !== 3) return undefined;
      result.confirmation = { transmission: body[0]!, delay: Number(unsigned(body.slice(1))) * 0.016 };
    }
    if (code === 6) {
      if (body.length !== 6) return undefined;
      result.answer = {
        probe: Number(unsigned(body.slice(0, 4))),
        bytes: Number(unsigned(body.slice(4))),
      };
    }
  }
  return result;
}

function naiveBitmap(ack: NaiveAcknowledgement, first: bigint, bitmap: Uint8Array): boolean {
  if (bitmap.length === 0) return true;
  if (first > ack.highestReceived || first < BigInt(bitmap.length - 1) * 8n) return false;
  bitmap.forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit += 1) {
      if (byte & (1 << bit)) ack.received.push(first - BigInt(i) * 8n + BigInt(bit));
    }
  });
  return true;
}

function unsigned(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}
