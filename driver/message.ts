/**
 * The packet driver's message: a header and its data (docs/wire-format.md, "Message").
 *
 * The functions here write and read headers in place; they move no data.
 */
import { readU16, readU32, writeU16, writeU32 } from "./mover/wire/integer.js";
import { PacketDriverError } from "./packet-driver-error.js";
import { WireError } from "./wire-error.js";

/** What a message does to its connection. */
export const MessageType = {
  /** Asks the far edge to open a connection; the only type that carries addresses. */
  OPEN: 1,
  /** The far edge's connection is up. */
  OPENED: 2,
  /** Bytes of the connection. */
  DATA: 3,
  /** The sender has said everything; the other direction goes on. */
  FIN: 4,
  /** The connection is over at once, in both directions; `status` says why. */
  RESET: 5,
  /** How far the peer may send, as a total of bytes since the start: u64 in the data. */
  CREDIT: 6,
  /** Of the session itself, as the two below: the sender is in place to open connections at its site. */
  READY: 16,
  /** The sender is about to go: the peer is to steer no new connections towards it. */
  AWAY: 17,
  /** The sender does so: the answer to the AWAY of the same sequence number. */
  WITHDRAWN: 18,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** Bits of `MessageHeader.flags`. Bits 1 and 2 are the codec's own and never appear there. */
export const MessageFlag = {
  /** Sent by the side that opened the connection; tells apart the two sides' connection numbers. */
  INITIATOR: 0x01,
} as const;

/** `MessageHeader.status`: why a connection was reset, `OK` in every other message. */
export const MessageStatus = {
  OK: 0,
  /** The destination refused the connection. */
  REFUSED: 1,
  /** No way to the destination: its network was reached, if any, but not its host. */
  UNREACHABLE: 2,
  /** The destination, or the application, did not answer in time. */
  TIMEOUT: 3,
  /** The application reset the connection. */
  RESET_BY_APPLICATION: 4,
  /** The session between the two movers ended. */
  SESSION_LOST: 5,
  /** A configured ceiling of memory or connections is reached. */
  LIMIT: 6,
  /** The peer's edge broke the rules of the connection. */
  PROTOCOL_ERROR: 7,
  /** The plugin is shutting down. */
  SHUTDOWN: 8,
  /** The message names a connection that the receiver does not know. */
  UNKNOWN_CONNECTION: 9,
  /** No way to the destination's network. */
  NETWORK_UNREACHABLE: 10,
  /** Someone on the way, or the far host, forbids it. */
  PROHIBITED: 11,
} as const;
export type MessageStatus = (typeof MessageStatus)[keyof typeof MessageStatus];

/** The endpoints of the intercepted connection: 4 bytes each for IPv4, 16 for IPv6, network byte order. */
export interface MessageAddresses {
  readonly source: Uint8Array;
  readonly sourcePort: number;
  readonly destination: Uint8Array;
  readonly destinationPort: number;
}

/** A message's header without its data length, which follows from the data. */
export interface MessageHeader {
  readonly type: MessageType;
  /** `MessageFlag` bits. */
  readonly flags: number;
  /** IP protocol number: 6 TCP, 17 UDP, 1 ICMP, …; `SESSION_PROTOCOL` where it is about the session. */
  readonly protocol: number;
  /** u32, chosen by the initiator, unique among its own connections of one session. */
  readonly connection: number;
  /** u32, counts the messages of one connection and direction. */
  readonly sequence: number;
  /** `MessageStatus`; a number, for a later version may know more of them. */
  readonly status: number;
  /** In OPEN and nowhere else. */
  readonly addresses: MessageAddresses | undefined;
}

/** Protocol of the messages that are about the session itself: IPv6's hop-by-hop options, which nothing carries alone. */
export const SESSION_PROTOCOL = 0;

export const MESSAGE_VERSION = 1;
/** Bytes of a header without addresses: what every message but the first of a connection costs. */
export const SHORT_HEADER_LENGTH = 16;
/** Bytes of a header with two IPv4 endpoints. */
export const IPV4_HEADER_LENGTH = 28;
/** Bytes of a header with two IPv6 endpoints. */
export const IPV6_HEADER_LENGTH = 52;
/** The data length is a u16. */
export const MAXIMUM_MESSAGE_DATA = 0xffff;

const FLAG_IPV6 = 0x02;
const FLAG_ADDRESSES = 0x04;
const FLAGS_OF_CODEC = FLAG_IPV6 | FLAG_ADDRESSES;
/** A bit for each type. */
const KNOWN_TYPES = Object.values(MessageType).reduce((known, type) => known | (1 << type), 0);

/** Length of the header in bytes, in the form that `header` takes on the wire. */
export function messageHeaderLength(header: MessageHeader): number {
  const addresses = header.addresses;
  if (addresses === undefined) return SHORT_HEADER_LENGTH;
  return addresses.source.length === 16 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
}

/**
 * Writes `header` at `offset`; the caller has checked that there is room and that `dataLength` is a u16.
 * Returns the offset of the data.
 *
 * @throws PacketDriverError message, if the header is none that a peer would take
 */
export function writeMessageHeader(
  bytes: Uint8Array,
  offset: number,
  header: MessageHeader,
  dataLength: number,
): number {
  const { addresses, connection, sequence, status } = header;
  let flags = header.flags & ~FLAGS_OF_CODEC;
  let length = SHORT_HEADER_LENGTH;
  if ((addresses !== undefined) !== (header.type === MessageType.OPEN)) {
    throw new PacketDriverError(
      "message",
      `message of type ${header.type}: give addresses in OPEN and nowhere else`,
    );
  }
  if (addresses !== undefined) {
    length = messageHeaderLength(header);
    flags |= length === IPV6_HEADER_LENGTH ? FLAGS_OF_CODEC : FLAG_ADDRESSES;
    writeAddresses(bytes, offset + SHORT_HEADER_LENGTH, addresses, length);
  }
  bytes[offset] = (MESSAGE_VERSION << 4) | (length >>> 2);
  bytes[offset + 1] = header.type;
  bytes[offset + 2] = flags;
  bytes[offset + 3] = header.protocol;
  writeU32(bytes, offset + 4, connection);
  writeU32(bytes, offset + 8, sequence);
  writeU16(bytes, offset + 12, dataLength);
  writeU16(bytes, offset + 14, status);
  return offset + length;
}

function writeAddresses(
  bytes: Uint8Array,
  offset: number,
  addresses: MessageAddresses,
  headerLength: number,
): void {
  const { source, destination, sourcePort, destinationPort } = addresses;
  const size = headerLength === IPV6_HEADER_LENGTH ? 16 : 4;
  if (source.length !== size || destination.length !== size) {
    throw new PacketDriverError(
      "message",
      `source has ${source.length} bytes and destination ${destination.length}: give both 4 (IPv4) or both 16 (IPv6)`,
    );
  }
  writeU16(bytes, offset, sourcePort);
  writeU16(bytes, offset + 2, destinationPort);
  bytes.set(source, offset + 4);
  bytes.set(destination, offset + 4 + size);
}

/**
 * Checks the message at `offset` of `bytes`, of which `end` is the end, and returns the end of that message.
 * Afterwards `MessageView.read` may take every field as it is.
 *
 * @throws WireError truncated, version, type, header-length, addresses
 */
export function checkMessage(bytes: Uint8Array, offset: number, end: number): number {
  if (end - offset < SHORT_HEADER_LENGTH) {
    throw new WireError(
      "truncated",
      offset,
      `${end - offset} bytes are left where a message header needs 16`,
    );
  }
  const first = bytes[offset]!;
  const type = bytes[offset + 1]!;
  const flags = bytes[offset + 2]!;
  if (first >>> 4 !== MESSAGE_VERSION) {
    throw new WireError("version", offset, `message version ${first >>> 4}, known is ${MESSAGE_VERSION}`);
  }
  if (type > 31 || ((KNOWN_TYPES >>> type) & 1) === 0) {
    throw new WireError("type", offset + 1, `message type ${type} is not known`);
  }
  const headerLength = (first & 0x0f) << 2;
  if (headerLength !== headerLengthOf(flags)) {
    throw new WireError("header-length", offset, `header of ${headerLength} bytes with flags ${flags}`);
  }
  if (((flags & FLAG_ADDRESSES) !== 0) !== (type === MessageType.OPEN)) {
    throw new WireError("addresses", offset + 2, `message type ${type} with flags ${flags}`);
  }
  const messageEnd = offset + headerLength + readU16(bytes, offset + 12);
  if (messageEnd > end) {
    throw new WireError("truncated", offset, `message ends ${messageEnd - end} bytes behind its buffer`);
  }
  return messageEnd;
}

/**
 * Checks that `bytes` from `offset` to `end` are `count` messages and nothing else.
 *
 * @throws WireError count, and those of `checkMessage`
 */
export function checkMessages(bytes: Uint8Array, offset: number, end: number, count: number): void {
  let at = offset;
  let found = 0;
  while (at < end) {
    at = checkMessage(bytes, at, end);
    found += 1;
  }
  if (found !== count)
    throw new WireError("count", offset, `${found} messages where ${count} were announced`);
}

/** What the flags say about the header's length in bytes; 0 when they contradict each other. */
function headerLengthOf(flags: number): number {
  switch (flags & FLAGS_OF_CODEC) {
    case 0:
      return SHORT_HEADER_LENGTH;
    case FLAG_ADDRESSES:
      return IPV4_HEADER_LENGTH;
    case FLAGS_OF_CODEC:
      return IPV6_HEADER_LENGTH;
    default:
      return 0;
  }
}

/** A header that is read into again and again: one for a whole stream of messages, so that none is made for each. */
export class MessageView implements MessageHeader {
  type: MessageType = MessageType.DATA;
  flags = 0;
  protocol = 0;
  connection = 0;
  sequence = 0;
  status = 0;
  addresses: MessageAddresses | undefined = undefined;
  /** Bytes of data; they end where the message ends. */
  dataLength = 0;

  /** Reads the header at `offset`, which `checkMessage` has passed; returns the offset of the data. */
  read(bytes: Uint8Array, offset: number): number {
    const flags = bytes[offset + 2]!;
    this.type = bytes[offset + 1] as MessageType;
    this.flags = flags & ~FLAGS_OF_CODEC;
    this.protocol = bytes[offset + 3]!;
    this.connection = readU32(bytes, offset + 4);
    this.sequence = readU32(bytes, offset + 8);
    this.dataLength = readU16(bytes, offset + 12);
    this.status = readU16(bytes, offset + 14);
    this.addresses = (flags & FLAG_ADDRESSES) === 0 ? undefined : readAddresses(bytes, offset + 16, flags);
    return offset + headerLengthOf(flags);
  }
}

/** A copy, since an edge keeps the addresses for as long as the connection lives. */
function readAddresses(bytes: Uint8Array, offset: number, flags: number): MessageAddresses {
  const size = (flags & FLAG_IPV6) === 0 ? 4 : 16;
  return {
    sourcePort: readU16(bytes, offset),
    destinationPort: readU16(bytes, offset + 2),
    source: new Uint8Array(bytes.subarray(offset + 4, offset + 4 + size)),
    destination: new Uint8Array(bytes.subarray(offset + 4 + size, offset + 4 + 2 * size)),
  };
}
