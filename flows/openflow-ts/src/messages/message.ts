import { DecodeError, EncodeError } from "../errors/error.js";
import { Experimenter } from "../model/constants.js";
import type { Envelope, Message, MessageOf, MessageType } from "../model/message.js";
import { multipartReply, multipartRequest } from "../multipart/multipart.js";
import { isVersion, OpenFlow13, type Version, versionName } from "../version.js";
import { type Codec, empty } from "../wire/codec.js";
import { Reader } from "../wire/reader.js";
import { Writer } from "../wire/writer.js";
import { bundleAdd, bundleControl, requestForward } from "./bundle.js";
import { flowMod, flowRemoved } from "./flow.js";
import { groupMod } from "./group.js";
import { error, hello } from "./hello.js";
import { meterMod } from "./meter.js";
import {
  ctFlushZone,
  packetIn2,
  setAsyncConfig2,
  setControllerId,
  setPacketInFormat,
  tlvTableMod,
  tlvTableReply,
} from "./nicira.js";
import { packetIn, packetOut } from "./packet.js";
import { portMod, portStatus } from "./port.js";
import { queueGetConfigReply, queueGetConfigRequest } from "./queue.js";
import {
  asyncConfig,
  controllerStatus,
  echo,
  experimenter,
  featuresReply,
  role,
  roleStatus,
  switchConfig,
} from "./switch.js";
import { tableMod, tableStatus } from "./table.js";

/** Bytes of a message's header: version, type, length, xid. */
export const headerSize = 8;

/** A type of message in the versions `since` to `until`. */
interface Kind {
  readonly type: MessageType;
  readonly number: number;
  readonly since: Version;
  readonly until: Version;
  codec(xid: number): Codec<unknown>;
}

type Body<T extends MessageType> = Omit<MessageOf<T>, "type">;

function kind<T extends MessageType>(
  number: number,
  type: T,
  codec: Codec<Body<T>> | ((xid: number) => Codec<Body<T>>),
  since: Version = 4,
  until: Version = 6,
): Kind {
  const make = typeof codec === "function" ? codec : () => codec;
  // A kind is found by the type of the message that is given to its codec.
  return { type, number, since, until, codec: (xid) => make(xid) as Codec<unknown> };
}

/** Messages in messages: bundles and forwarded requests. */
const inner: Codec<Envelope> = { read: readMessage, write: writeMessage };

/** `enum ofp_type` (OpenFlow 1.5.1 §7.1.1). */
const kinds: readonly Kind[] = [
  kind(0, "hello", hello),
  kind(1, "error", error),
  kind(2, "echo_request", echo),
  kind(3, "echo_reply", echo),
  kind(4, "experimenter", experimenter),
  kind(5, "features_request", empty),
  kind(6, "features_reply", featuresReply),
  kind(7, "get_config_request", empty),
  kind(8, "get_config_reply", switchConfig),
  kind(9, "set_config", switchConfig),
  kind(10, "packet_in", packetIn),
  kind(11, "flow_removed", flowRemoved),
  kind(12, "port_status", portStatus),
  kind(13, "packet_out", packetOut),
  kind(14, "flow_mod", flowMod),
  kind(15, "group_mod", groupMod),
  kind(16, "port_mod", portMod),
  kind(17, "table_mod", tableMod),
  kind(18, "multipart_request", multipartRequest),
  kind(19, "multipart_reply", multipartReply),
  kind(20, "barrier_request", empty),
  kind(21, "barrier_reply", empty),
  kind(22, "queue_get_config_request", queueGetConfigRequest, 4, 4),
  kind(23, "queue_get_config_reply", queueGetConfigReply, 4, 4),
  kind(24, "role_request", role),
  kind(25, "role_reply", role),
  kind(26, "get_async_request", empty),
  kind(27, "get_async_reply", asyncConfig),
  kind(28, "set_async", asyncConfig),
  kind(29, "meter_mod", meterMod),
  kind(30, "role_status", roleStatus, 5),
  kind(31, "table_status", tableStatus, 5),
  kind(32, "request_forward", requestForward(inner), 5),
  kind(33, "bundle_control", bundleControl, 5),
  kind(34, "bundle_add", (xid) => bundleAdd(xid, inner), 5),
  kind(35, "controller_status", controllerStatus, 6),
];

/** The messages of experimenters that are known here, by the experimenter's type. */
const experimenterKinds: ReadonlyMap<number, readonly Kind[]> = new Map([
  [
    Experimenter.ONF,
    // What later versions have of their own (EXT-191, EXT-230, EXT-232).
    [
      kind(1911, "role_status", roleStatus, 4, 4),
      kind(2300, "bundle_control", bundleControl, 4, 4),
      kind(2301, "bundle_add", (xid) => bundleAdd(xid, inner), 4, 4),
      kind(2350, "request_forward", requestForward(inner), 4, 4),
    ],
  ],
  [
    Experimenter.NICIRA,
    [
      kind(16, "nx_set_packet_in_format", setPacketInFormat),
      kind(20, "nx_set_controller_id", setControllerId),
      kind(24, "nx_tlv_table_mod", tlvTableMod),
      kind(25, "nx_tlv_table_request", empty),
      kind(26, "nx_tlv_table_reply", tlvTableReply),
      kind(27, "nx_set_async_config2", setAsyncConfig2),
      kind(28, "nx_resume", packetIn2),
      kind(29, "nx_ct_flush_zone", ctFlushZone),
      kind(30, "nx_packet_in2", packetIn2),
    ],
  ],
]);
const experimenterNumber = 4;

/** Messages that are the same in all versions, also those that are not spoken here. */
const anyVersion = new Set<MessageType>(["hello", "error", "echo_request", "echo_reply"]);

function find(version: number, number: number): Kind | undefined {
  const known = kinds[number];
  if (!known) return undefined;
  return anyVersion.has(known.type) || speaks(known, version) ? known : undefined;
}

/** The header of a message. */
export interface Header {
  readonly version: number;
  readonly type: number;
  /** Bytes of the whole message. */
  readonly length: number;
  readonly xid: number;
}

/** Reads a header; the message itself need not be there. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes, OpenFlow13);
  return { version: reader.u8(), type: reader.u8(), length: reader.u16(), xid: reader.u32() };
}

function readMessage(outer: Reader): Envelope {
  const version = outer.u8();
  const number = outer.u8();
  const length = outer.u16();
  const xid = outer.u32();
  if (length !== headerSize + outer.remaining) {
    throw outer.fail("OFPBRC_BAD_LEN", `a message of ${length} bytes in ${headerSize + outer.remaining}`);
  }
  const known = find(version, number);
  if (!known) {
    if (!isVersion(version)) throw outer.fail("OFPBRC_BAD_VERSION", `a message of version ${version}`);
    throw outer.fail("OFPBRC_BAD_TYPE", `a message of type ${number} in OpenFlow ${versionName(version)}`);
  }
  const reader = outer.inVersion(isVersion(version) ? version : OpenFlow13);
  const extension = known.type === "experimenter" ? readExtension(reader, version) : undefined;
  const { type, codec } = extension ?? known;
  const body = codec(xid).read(reader) as object;
  reader.end();
  return { version, xid, message: { type, ...body } as Message };
}

/** The kind of an experimenter's message, whose identifier and type are then read; undefined if it is not known. */
function readExtension(reader: Reader, version: number): Kind | undefined {
  if (reader.remaining < 8) return undefined;
  const experimenterId = reader.peekU16() * 0x10000 + reader.peekU16(2);
  const number = reader.peekU16(4) * 0x10000 + reader.peekU16(6);
  const known = experimenterKinds
    .get(experimenterId)
    ?.find((candidate) => candidate.number === number && speaks(candidate, version));
  if (known) reader.skip(8);
  return known;
}

const speaks = (known: Kind, version: number) => version >= known.since && version <= known.until;

function findExtension(version: number, type: MessageType): { id: number; known: Kind } | undefined {
  for (const [id, candidates] of experimenterKinds) {
    const known = candidates.find((candidate) => candidate.type === type && speaks(candidate, version));
    if (known) return { id, known };
  }
  return undefined;
}

function writeMessage(writer: Writer, { version, xid, message }: Envelope): void {
  const start = writer.length;
  const native = kinds.find(
    (candidate) => candidate.type === message.type && find(version, candidate.number),
  );
  const extension = native ? undefined : findExtension(version, message.type);
  const known = native ?? extension?.known;
  if (!known) throw writer.unsupported(`message ${message.type}`);
  writer.u8(version);
  writer.u8(native ? native.number : experimenterNumber);
  writer.u16(0);
  writer.u32(xid);
  if (extension) {
    writer.u32(extension.id);
    writer.u32(known.number);
  }
  known.codec(xid).write(writer, message);
  writer.patchU16(start + 2, writer.length - start);
}

/**
 * The bytes of a message. Throws an `EncodeError` for a value that is out of range, or that the version does not have,
 * and for a message that does not fit 65,535 bytes.
 */
export function encode(envelope: Envelope): Uint8Array {
  const { version, message } = envelope;
  if (!isVersion(version) && !anyVersion.has(message.type)) {
    throw new EncodeError("ERR_OPENFLOW_VERSION", `OpenFlow ${versionName(version)} is not spoken here`);
  }
  const writer = new Writer(isVersion(version) ? version : OpenFlow13);
  writeMessage(writer, envelope);
  return writer.finish();
}

/** The message that exactly these bytes are. Throws a `DecodeError`. */
export function decode(bytes: Uint8Array): Envelope {
  if (bytes.length < headerSize) {
    throw new DecodeError("OFPBRC_BAD_LEN", 0, `a message of ${bytes.length} bytes`);
  }
  return readMessage(new Reader(bytes, OpenFlow13));
}
