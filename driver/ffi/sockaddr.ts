import { addressBytes, addressText } from "../ip-address.js";
import type { Endpoint } from "./socket.js";

const AF_INET = 2;
const AF_INET6 = 10;
/** struct sockaddr_in6; a sockaddr_in takes the first 16 of them. */
export const SOCKADDR_BYTES = 28;

/** Writes a sockaddr_in or sockaddr_in6 at `offset`; returns its length. */
export function encodeAddress(out: Buffer, offset: number, { address, port }: Endpoint): number {
  const bytes = addressBytes(address);
  const ipv4 = bytes.length === 4;
  out.fill(0, offset, offset + SOCKADDR_BYTES);
  out.writeUInt16LE(ipv4 ? AF_INET : AF_INET6, offset);
  out.writeUInt16BE(port, offset + 2);
  out.set(bytes, offset + (ipv4 ? 4 : 8));
  return ipv4 ? 16 : SOCKADDR_BYTES;
}

export function decodeAddress(from: Buffer, offset: number): Endpoint {
  const ipv4 = from.readUInt16LE(offset) === AF_INET;
  const start = offset + (ipv4 ? 4 : 8);
  return {
    address: addressText(from.subarray(start, start + (ipv4 ? 4 : 16))),
    port: from.readUInt16BE(offset + 2),
  };
}
