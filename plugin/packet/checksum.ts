/** The Internet checksum (RFC 1071). */

/** The one's complement sum of 16-bit words; an odd last byte counts as the first half of a word. */
function sum(bytes: Uint8Array, start = 0): number {
  let total = start;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (even < bytes.length) total += bytes[even]! << 8;
  return fold(total);
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/**
 * The sum over the pseudo-header that TCP and ICMPv6 begin with (RFC 9293 §3.1, RFC 8200 §8.1): addresses of 4 or 16
 * bytes, the protocol, the length of what follows.
 */
export function pseudoHeaderSum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return fold(sum(source) + sum(destination) + protocol + length);
}

export function checksum(bytes: Uint8Array, start = 0): number {
  return ~sum(bytes, start) & 0xffff;
}
