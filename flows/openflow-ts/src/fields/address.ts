import { isIPv4, isIPv6 } from "node:net";
import { ParseError } from "../errors/error.js";

/** "00:11:22:33:44:55" as 48 bits. Throws a `ParseError`. */
export function parseEthernet(text: string): bigint {
  if (!/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text))
    throw new ParseError(`"${text}" is no Ethernet address`);
  return text.split(/[:-]/).reduce((value, byte) => (value << 8n) | BigInt(`0x${byte}`), 0n);
}

export function formatEthernet(value: bigint): string {
  return value
    .toString(16)
    .padStart(12, "0")
    .replace(/..(?!$)/g, "$&:");
}

/** "10.0.0.1" as 32 bits. Throws a `ParseError`. */
export function parseIPv4(text: string): bigint {
  if (!isIPv4(text)) throw new ParseError(`"${text}" is no IPv4 address`);
  return text.split(".").reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function formatIPv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

/** "fd00::1" as 128 bits; an IPv4 address may stand at the end. Throws a `ParseError`. */
export function parseIPv6(text: string): bigint {
  if (!isIPv6(text) || text.includes("%")) throw new ParseError(`"${text}" is no IPv6 address`);
  const words = (part: string) => (part === "" ? [] : part.split(":").flatMap(wordsOf));
  const [head = "", tail] = text.split("::");
  const before = words(head);
  const after = words(tail ?? "");
  const zeros = new Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((value, word) => (value << 16n) | word, 0n);
}

function wordsOf(part: string): bigint[] {
  if (!part.includes(".")) return [BigInt(`0x${part}`)];
  const address = parseIPv4(part);
  return [address >> 16n, address & 0xffffn];
}

/** The text that RFC 5952 recommends. */
export function formatIPv6(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const run = longestZeros(words);
  const hex = (part: readonly number[]) => part.map((word) => word.toString(16)).join(":");
  if (run.length < 2) return hex(words);
  return `${hex(words.slice(0, run.start))}::${hex(words.slice(run.start + run.length))}`;
}

/** The first of the longest runs of zeros. */
function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** The mask of `bits` bits whose first `length` are 1. */
export function prefixMask(length: number, bits: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

/** The length of the prefix that a mask of `bits` bits is; undefined if it is none. */
export function prefixLength(mask: bigint, bits: number): number | undefined {
  const inverted = ~mask & ((1n << BigInt(bits)) - 1n);
  if ((inverted & (inverted + 1n)) !== 0n) return undefined;
  return bits - (inverted === 0n ? 0 : inverted.toString(2).length);
}
