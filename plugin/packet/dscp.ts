/** The differentiated services code point (RFC 2474) of an IP packet, given from its header on: 0 to 63. */
export function dscpOf(packet: Uint8Array): number {
  const ipv4 = packet[0]! >> 4 === 4;
  return ipv4 ? packet[1]! >> 2 : ((packet[0]! & 0x0f) << 2) | (packet[1]! >> 6);
}
