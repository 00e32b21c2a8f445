import type { MessageAddresses } from "../../../driver/index.js";

const IPV4_ADDRESSES = 12;
const IPV6_ADDRESSES = 8;
const IPV6_HEADER = 40;

/** The endpoints in the headers of a SYN, as the kernel keeps them (TCP_SAVE_SYN): from the IP header on. */
export function endpointsOf(syn: Buffer): MessageAddresses {
  const ipv4 = syn[0]! >> 4 === 4;
  const length = ipv4 ? 4 : 16;
  const at = ipv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES;
  const tcp = ipv4 ? (syn[0]! & 0x0f) * 4 : IPV6_HEADER;
  return {
    source: Uint8Array.from(syn.subarray(at, at + length)),
    destination: Uint8Array.from(syn.subarray(at + length, at + 2 * length)),
    sourcePort: syn.readUInt16BE(tcp),
    destinationPort: syn.readUInt16BE(tcp + 2),
  };
}
