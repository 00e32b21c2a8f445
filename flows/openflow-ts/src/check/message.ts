import { InvalidError } from "../errors/error.js";
import { fieldByName } from "../fields/registry.js";
import type { BundleAdd, BundleControl } from "../model/bundle.js";
import { BundleFlag, FlowFlag, Meter, MeterFlag } from "../model/constants.js";
import type { FlowMod, PacketOut } from "../model/flow.js";
import type { FieldMatch } from "../model/match.js";
import type { Message, MessageOf, MessageType } from "../model/message.js";
import type { MeterMod } from "../model/meter.js";
import type { AsyncConfig, RoleMessage } from "../model/switch.js";
import { OpenFlow14, type Version } from "../version.js";
import { checkActions } from "./action.js";
import { checkGroupMod } from "./group.js";
import { checkInstructions } from "./instruction.js";
import { checkKnown } from "./known.js";
import { checkMatch } from "./match.js";
import { checkBandSizes, checkBands } from "./meter.js";
import { checkReplyBody, checkRequestBody } from "./multipart.js";
import { checkInPort, checkPort, checkQueuePort } from "./port.js";
import {
  checkConfigFlags,
  checkError,
  checkExperimenterMessage,
  checkPacketIn2,
  checkPacketInFormat,
  checkTlvTableMod,
} from "./switch.js";
import { checkTableProperties } from "./table.js";

type Check<T extends MessageType> = (message: MessageOf<T>, version: Version) => void;

const flowFlags = Object.values(FlowFlag).reduce((all, flag) => all | flag, 0);

function checkFlowMod(flow: FlowMod, version: Version): void {
  checkKnown("OFPFMFC_BAD_COMMAND", "flow-mod command", flow.command);
  if ((flow.flags & ~flowFlags) !== 0) {
    throw new InvalidError("OFPFMFC_BAD_FLAGS", `flow flags 0x${flow.flags.toString(16)}`);
  }
  checkPort(flow.outPort);
  checkMatch(flow.match);
  checkInstructions(flow.instructions, { version, table: flow.table });
}

function checkMeterMod(meter: MeterMod): void {
  checkBandSizes(meter.bands);
  checkKnown("OFPMMFC_BAD_COMMAND", "meter-mod command", meter.command);
  if (meter.command === "delete") return;
  const units = MeterFlag.KBPS | MeterFlag.PKTPS;
  const all = units | MeterFlag.BURST | MeterFlag.STATS;
  if ((meter.flags & ~all) !== 0 || (meter.flags & units) === units) {
    throw new InvalidError("OFPMMFC_BAD_FLAGS", `meter flags 0x${meter.flags.toString(16)}`);
  }
  checkBands(meter.bands);
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

function checkAsync({ masks }: AsyncConfig, version: Version): void {
  // In OpenFlow 1.3 OVS passes over the reasons that it does not know.
  if (version < OpenFlow14) return;
  if (masks.unknown)
    throw new InvalidError("OFPACFC_UNSUPPORTED", "asynchronous messages that are not known");
  if (masks.experimenter || masks.experimenterSlave) {
    throw new InvalidError("OFPBPC_BAD_EXP_TYPE", "an experimenter's asynchronous messages");
  }
  const known: Readonly<Record<string, number>> = reasonBits;
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

function checkBundleControl({ control }: BundleControl): void {
  checkKnown("OFPBFC_BAD_TYPE", "bundle control", control);
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
  const inPort = match.find((given): given is FieldMatch => given.field === "in_port");
  if (!inPort) throw new InvalidError("OFPBRC_BAD_PORT", "a packet-out without in_port");
  checkInPort(Number(inPort.value));
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
  packet_in: ({ match }) => checkMatch(match, { told: true }),
  flow_removed: ({ match }) => checkMatch(match),
  port_mod: ({ port }) => checkPort(port),
  port_status: ({ reason, description }) => {
    checkKnown("NXBRC_BAD_REASON", "port status for the reason", reason);
    checkPort(description.port);
  },
  role_status: ({ role }) => checkKnown("OFPRRFC_BAD_ROLE", "role", role),
  table_status: ({ reason }) => checkKnown("OFPBPC_BAD_VALUE", "table status for the reason", reason),
  queue_get_config_request: ({ port }) => checkQueuePort(port),
  table_mod: ({ properties }) => checkTableProperties(properties),
  multipart_request: ({ body }, version) => checkRequestBody(body, version),
  multipart_reply: ({ body }, version) => checkReplyBody(body, version),
  error: checkError,
  set_config: ({ flags }) => checkConfigFlags(flags),
  experimenter: checkExperimenterMessage,
  request_forward: ({ request }, version) => checkMessage(request, version),
  nx_set_packet_in_format: ({ format }) => checkPacketInFormat(format),
  nx_tlv_table_mod: checkTlvTableMod,
  nx_packet_in2: checkPacketIn2,
  nx_resume: checkPacketIn2,
};

/** Throws an `InvalidError` if a switch such as OVS would refuse the message whatever its state. */
export function checkMessage(message: Message, version: Version): void {
  // The check of this very type takes this very message.
  (checks[message.type] as Check<MessageType> | undefined)?.(message, version);
}
