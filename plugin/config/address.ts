/** IP addresses, prefixes and endpoints in text. Pure; undefined stands for "not such a text". */

import { isIP } from "node:net";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import type { Address, Endpoint, Family, Prefix } from "./config.js";

/** Bits of an address of the family. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Bytes of IP and UDP headers before a datagram's payload. */
export function headerBytes(family: Family): 28 | 48 {
  return family === 4 ? 28 : 48;
}

/** `10.1.0.2` or `fd00:1::2`. An IPv6 zone (`fe80::1%eth0`) is refused: it means nothing outside this host. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { family, address: text };
  if (family !== 6 || text.includes("%")) return undefined;
  return { family, address: addressText(addressBytes(text)) };
}

/** `10.1.0.2/24` or `fd00:1::2/64`; a bare address is a prefix of its whole length. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, host = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const length = bits === undefined ? addressBits(address.family) : Number(bits);
  return length <= addressBits(address.family) ? { ...address, length } : undefined;
}

/** `10.1.0.2:4754` or `[fd00:1::2]:4754`. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = parseAddress(bracketed ?? plain ?? "");
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  if ((address.family === 6) !== (bracketed !== undefined)) return undefined;
  return { ...address, port };
}

/** The prefix without its host bits: `10.1.0.2/24` lies in `10.1.0.0/24`. */
export function networkOf({ family, address, length }: Prefix): Prefix {
  const bytes = addressBytes(address);
  const network = bytes.map((byte, index) => byte & networkBits(length, index));
  return { family, address: addressText(network), length };
}

/** Whether the address lies in the prefix's network. */
export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const bytes = addressBytes(address.address);
  return addressBytes(prefix.address).every((byte, index) => {
    return ((byte ^ (bytes[index] ?? 0)) & networkBits(prefix.length, index)) === 0;
  });
}

/** Which bits of an address' byte belong to the network. */
function networkBits(length: number, index: number): number {
  const bits = Math.min(Math.max(length - 8 * index, 0), 8);
  return (0xff << (8 - bits)) & 0xff;
}

export function isNetwork(prefix: Prefix): boolean {
  return networkOf(prefix).address === prefix.address;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.address === b.address;
}

export function formatPrefix({ address, length }: Prefix): string {
  return `${address}/${length}`;
}

export function formatEndpoint({ family, address, port }: Endpoint): string {
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}
