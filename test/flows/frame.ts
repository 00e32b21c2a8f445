import { TcpFlag } from "openflow-ts";
import { parseAddress } from "../../flows/table/index.js";

export interface TcpFrame {
  readonly from: string;
  readonly to: string;
  readonly flags: number;
  readonly vlan?: number;
}

export const SYN = TcpFlag.SYN;
export const ACK = TcpFlag.ACK;

/** The Internet checksum (RFC 1071) of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A TCP segment over IPv4 in an Ethernet frame, with a few bytes of data; addresses as `10.1.0.11 40000`. */
export function tcpFrame({ from, to, flags, vlan }: TcpFrame): Buffer {
  const data = Buffer.from("as it came");
  const [source = "", sourcePort = ""] = from.split(" ");
  const [destination = "", destinationPort = ""] = to.split(" ");
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(Number(sourcePort), 0);
  tcp.writeUInt16BE(Number(destinationPort), 2);
  tcp.writeUInt32BE(12345, 4);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(flags, 13);
  tcp.writeUInt16BE(1000, 14);
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(ip.length + tcp.length + data.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(6, 9);
  ip.writeUInt32BE(Number(parseAddress(source)!.value), 12);
  ip.writeUInt32BE(Number(parseAddress(destination)!.value), 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const pseudo = Buffer.concat([ip.subarray(12, 20), Buffer.from([0, 6, 0, tcp.length + data.length])]);
  tcp.writeUInt16BE(checksum(Buffer.concat([pseudo, tcp, data])), 16);
  const macs = Buffer.from("020000000102020000000101", "hex");
  const tag = vlan === undefined ? [] : [Buffer.from([0x81, 0x00, vlan >> 8, vlan & 0xff])];
  return Buffer.concat([macs, ...tag, Buffer.from([0x08, 0x00]), ip, tcp, data]);
}
