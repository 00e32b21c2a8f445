import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { PacketType } from "../wire/datagram.js";
import { HANDSHAKE_HEADER_BYTES } from "../wire/handshake.js";
import { readU32, readU64, writeU32 } from "../wire/integer.js";
import { type Channel, PlainChannel } from "./channel.js";
import type { Agreement, Begun, Heard, Security, Stranger } from "./security.js";

const CHECKSUM_BYTES = 4;

/**
 * No security, for simulations and for networks that are private by themselves: anybody who can send to us can be the
 * peer. The handshake is the same, its messages are in clear and have a check sum.
 */
export class PlainSecurity implements Security {
  readonly helloType = PacketType.HELLO;
  readonly answerType = PacketType.ANSWER;

  mark(datagram: Uint8Array): Uint8Array {
    const out = new Uint8Array(datagram.length + CHECKSUM_BYTES);
    out.set(datagram);
    writeU32(out, datagram.length, crc32(datagram));
    return out;
  }

  verify(datagram: Uint8Array): number {
    const end = datagram.length - CHECKSUM_BYTES;
    if (end < HANDSHAKE_HEADER_BYTES) return -1;
    return readU32(datagram, end) === crc32(datagram.subarray(0, end)) ? end : -1;
  }

  begin(payload: Uint8Array): Begun {
    return {
      body: payload,
      readAnswer: (answer) => ({ payload: answer, agreement: agreement(payload, answer) }),
    };
  }

  hear(body: Uint8Array): Heard {
    const payload = new Uint8Array(body);
    return { payload, answer: (answer) => ({ body: answer, agreement: agreement(payload, answer) }) };
  }

  stranger(datagram: Uint8Array): Stranger | undefined {
    const type = datagram[0]! & 0x0f;
    const sealed = type === PacketType.SEALED_HELLO || type === PacketType.SEALED_ANSWER;
    return sealed ? { kind: "encrypted" } : undefined;
  }

  offerCookie(): undefined {
    return undefined;
  }

  hasCookie(): boolean {
    return false;
  }

  takeCookie(): undefined {
    return undefined;
  }
}

function agreement(hello: Uint8Array, answer: Uint8Array): Agreement {
  const hash = createHash("sha256").update(hello).update(answer).digest();
  return {
    id: readU64(hash, 0),
    channel: (localTag, remoteTag): Channel => new PlainChannel(localTag, remoteTag),
  };
}
