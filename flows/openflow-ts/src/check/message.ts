import { InvalidError } from "../errors/error.js";
import { fieldByName } from "../fields/registry.js";
import type { BundleAdd, BundleControl } from "../model/bundle.js";
import { BundleFlag, Group, Meter, MeterFlag } from "../model/constants.js";
import type { FlowMod, PacketOut } from "../model/flow.js";
import type { GroupBucket, GroupMod } from "../model/group.js";
import type { Message, MessageOf, MessageType } from "../model/message.js";
import type { MeterMod } from "../model/meter.js";
import type { AsyncConfig, RoleMessage } from "../model/switch.js";
import { OpenFlow14, type Version } from "../version.js";
import { checkActions } from "./action.js";
import { checkInstructions } from "./instruction.js";
import { checkMatch } from "./match.js";

type Check<T extends MessageType> = (message: MessageOf<T>, version: Version) => void;

/** A value of an enumeration that has no name. */
function checkKnown(code: string, what: string, value: string | number): void {
  if (typeof value === "number") throw new InvalidError(code, `${what} ${value}`);
}

function checkFlowMod(flow: FlowMod, version: Version): void {
  checkKnown("OFPFMFC_BAD_COMMAND", "flow-mod command", flow.command);
  checkMatch(flow.match);
  checkInstructions(flow.instructions, { version, table: flow.table });
}

/** A bucket of a fast-failover group is live by something; only buckets of select groups have shares. */
function checkBucket(bucket: GroupBucket, group: GroupMod, version: Version): void {
  const watched = bucket.watchPort !== undefined || bucket.watchGroup !== undefined;
  if (group.groupType === "fast_failover" && !watched) {
    throw new InvalidError("OFPGMFC_BAD_WATCH", "a bucket of a fast-failover group that watches nothing");
  }
  checkActions(bucket.actions, { version });
}

function checkGroupMod(group: GroupMod, version: Version): void {
  checkKnown("OFPGMFC_BAD_COMMAND", "group-mod command", group.command);
  checkKnown("OFPGMFC_BAD_TYPE", "group type", group.groupType);
  if (group.group > Group.MAX && !(group.command === "delete" && group.group === Group.ALL)) {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", `group ${group.group}`);
  }
  if (group.command === "delete") return;
  if (group.groupType === "indirect" && group.command !== "remove_bucket" && group.buckets.length !== 1) {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", `an indirect group of ${group.buckets.length} buckets`);
  }
  for (const bucket of group.buckets) checkBucket(bucket, group, version);
}

function checkMeterMod(meter: MeterMod): void {
  checkKnown("OFPMMFC_BAD_COMMAND", "meter-mod command", meter.command);
  const units = MeterFlag.KBPS | MeterFlag.PKTPS;
  const all = units | MeterFlag.BURST | MeterFlag.STATS;
  if ((meter.flags & ~all) !== 0 || (meter.flags & units) === units) {
    throw new InvalidError("OFPMMFC_BAD_FLAGS", `meter flags 0x${meter.flags.toString(16)}`);
  }
  if (meter.meter === 0 || (meter.meter > Meter.MAX && meter.meter < Meter.SLOWPATH)) {
    throw new InvalidError("OFPMMFC_INVALID_METER", `meter ${meter.meter}`);
  }
}

/** Bits of the reasons that there are (OpenFlow 1.5.1 §7.3.10). */
const reasonBits = {
  packetIn: 0x3f,
  portStatus: 0x07,
  flowRemoved: 0x3f,
  roleStatus: 0x07,
  tableStatus: 0x18,
  requestForward: 0x03,
  flowStats: 0x03,
  controllerStatus: 0x7f,
} as const;

/** OpenFlow 1.3 has fewer. */
const reasonBits13 = { ...reasonBits, packetIn: 0x07, flowRemoved: 0x0f } as const;

function checkAsync({ masks }: AsyncConfig, version: Version): void {
  if (masks.unknown)
    throw new InvalidError("OFPACFC_UNSUPPORTED", "asynchronous messages that are not known");
  const known: Readonly<Record<string, number>> = version >= OpenFlow14 ? reasonBits : reasonBits13;
  for (const [name, mask] of Object.entries(masks)) {
    const bits = known[name.replace(/Slave$/, "")];
    if (bits !== undefined && typeof mask === "number" && (mask & ~bits) !== 0) {
      throw new InvalidError("OFPACFC_INVALID", `reasons 0x${mask.toString(16)} of ${name}`);
    }
  }
}

function checkRole({ role }: RoleMessage): void {
  checkKnown("OFPRRFC_BAD_ROLE", "role", role);
}

function checkBundleFlags(flags: number): void {
  const all = BundleFlag.ATOMIC | BundleFlag.ORDERED | BundleFlag.TIME;
  if ((flags & ~all) !== 0)
    throw new InvalidError("OFPBFC_BAD_FLAGS", `bundle flags 0x${flags.toString(16)}`);
}

function checkBundleControl({ control, flags }: BundleControl): void {
  checkKnown("OFPBFC_BAD_TYPE", "bundle control", control);
  checkBundleFlags(flags);
}

/** What OVS takes in a bundle. */
const bundled: ReadonlySet<MessageType> = new Set(["port_mod", "flow_mod", "group_mod", "packet_out"]);

function checkBundleAdd({ message, messageXid, flags }: BundleAdd, version: Version): void {
  checkBundleFlags(flags);
  if (!bundled.has(message.type)) throw new InvalidError("OFPBFC_MSG_UNSUP", `${message.type} in a bundle`);
  if (messageXid !== undefined) {
    throw new InvalidError("OFPBFC_MSG_BAD_XID", "a message in a bundle with a transaction of its own");
  }
  checkMessage(message, version);
}

/** What a packet-out may say of the packet besides what is in it. */
const pipelineField =
  /^(in_port|in_phy_port|metadata|tunnel_id|tun_.*|x{0,2}reg\d+|pkt_mark|packet_type|actset_output)$/;

function checkPacketOut({ match, actions }: PacketOut, version: Version): void {
  for (const { field } of match) {
    if (fieldByName(field) && !pipelineField.test(field)) {
      throw new InvalidError("OFPBRC_PIPELINE_FIELDS_ONLY", `${field} in a packet-out`);
    }
  }
  if (!match.some(({ field }) => field === "in_port")) {
    throw new InvalidError("OFPBRC_BAD_PORT", "a packet-out without in_port");
  }
  checkActions(actions, { version });
}

const checks: { readonly [T in MessageType]?: Check<T> } = {
  flow_mod: checkFlowMod,
  group_mod: checkGroupMod,
  meter_mod: checkMeterMod,
  set_async: checkAsync,
  role_request: checkRole,
  bundle_control: checkBundleControl,
  bundle_add: checkBundleAdd,
  packet_out: checkPacketOut,
};

/** Throws an `InvalidError` if a switch such as OVS would refuse the message whatever its state. */
export function checkMessage(message: Message, version: Version): void {
  // The check of this very type takes this very message.
  (checks[message.type] as Check<MessageType> | undefined)?.(message, version);
}
