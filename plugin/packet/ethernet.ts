/** What stands before the payload of an Ethernet frame. */

/** Bytes of both addresses. */
export const ETHERNET_ADDRESSES = 12;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;

/** IEEE 802.1Q and 802.1ad tags: 4 bytes each, in front of the type. */
const TAGS: readonly number[] = [0x8100, 0x88a8];

export interface EthernetHeader {
  readonly type: number;
  /** Where the payload begins. */
  readonly at: number;
  /** Of the innermost tag; absent: none. */
  readonly vlan: number | undefined;
}

/** Undefined where the frame is too short for one. */
export function readEthernet(frame: Uint8Array): EthernetHeader | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  let at = ETHERNET_ADDRESSES;
  let vlan: number | undefined;
  while (at + 6 <= frame.length && TAGS.includes(view.getUint16(at))) {
    vlan = view.getUint16(at + 2) & 0x0fff;
    at += 4;
  }
  return at + 2 > frame.length ? undefined : { type: view.getUint16(at), at: at + 2, vlan };
}
