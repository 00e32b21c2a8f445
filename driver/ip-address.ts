import { isIPv4, isIPv6 } from "node:net";

/** The bytes of an address, in network byte order: 4 for IPv4, 16 for IPv6. @throws RangeError for any other text */
export function addressBytes(text: string): Uint8Array {
  if (isIPv4(text)) return ipv4Bytes(text);
  if (!isIPv6(text)) throw new RangeError(`"${text}" is not an IP address`);
  const bytes = new Uint8Array(16);
  const words = ipv6Words(text);
  words.forEach((word, index) => {
    bytes[2 * index] = word >>> 8;
    bytes[2 * index + 1] = word;
  });
  return bytes;
}

/** Called several times for each new connection. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0) at += 1;
    else bytes[at] = bytes[at]! * 10 + digit;
  }
  return bytes;
}

function ipv6Words(text: string): number[] {
  const zoneless = text.split("%")[0]!;
  // The last 32 bits may be written as an IPv4 address.
  const dotted = /^(.*:)([\d.]+)$/.exec(zoneless);
  const [a = 0, b = 0, c = 0, d = 0] = dotted?.[2]?.split(".").map(Number) ?? [];
  const plain = dotted?.[2]?.includes(".")
    ? `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
    : zoneless;
  const [head, tail] = plain.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array.from({ length: 8 - head!.length - (tail?.length ?? 0) }, () => "0");
  return [...head!, ...zeros, ...(tail ?? [])].map((word) => Number.parseInt(word, 16));
}

/** The address in these 4 or 16 bytes as text; IPv6 in the form of RFC 5952, but for mapped IPv4 addresses. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new RangeError(`${bytes.length} bytes are no IP address: 4 or 16 expected`);
  const words = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  const text = words.map((word) => word.toString(16)).join(":");
  // The first of the longest runs of two or more zero words gives way to "::" (RFC 5952 §4.2).
  const runs = [...text.matchAll(/\b0(:0)+\b/g)];
  const longest = runs.reduce((best, run) => (run[0].length > best.length ? run[0] : best), "");
  if (longest === "") return text;
  const at = text.indexOf(longest, runs.find((run) => run[0] === longest)!.index);
  const before = text.slice(0, at).replace(/:$/, "");
  const after = text.slice(at + longest.length).replace(/^:/, "");
  return `${before}::${after}`;
}

/** As it is mostly written: 10.0.0.1:53, [fd00::1]:53. */
export function addressAndPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
