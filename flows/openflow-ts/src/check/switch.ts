import { InvalidError } from "../errors/error.js";
import { errorNames } from "../errors/names.js";
import { Experimenter } from "../model/constants.js";
import type { PacketIn2, TlvTableMod } from "../model/nicira-message.js";
import type { ErrorMessage, ExperimenterMessage } from "../model/switch.js";
import { OpenFlow13, type Version } from "../version.js";
import { checkMatch } from "./match.js";

/** OVS cannot make anything of an error that it has no name for. */
export function checkError(error: ErrorMessage): void {
  const { typeName, code } = errorNames(error);
  if (!/^(OFP|NX)[A-Z]*_[A-Z_]+$/.test(code)) {
    throw new InvalidError("OFPBRC_BAD_LEN", `an error ${typeName} ${code} that is not known`);
  }
}

const fragmentBits = 3;

export function checkConfigFlags(flags: number): void {
  if (flags > fragmentBits) throw new InvalidError("OFPSCFC_BAD_FLAGS", `flags 0x${flags.toString(16)}`);
}

/** Nicira's messages that OVS has and that are bytes to us, by subtype. */
const niciraSubtypes: ReadonlySet<number> = new Set([10, 11, 13, 14, 15, 17, 18, 19, 32]);

/** The same of ONF's flow monitor in OpenFlow 1.3: cancelled, paused, resumed. */
const flowMonitor: ReadonlySet<number> = new Set([1870, 1871, 1872]);

export function checkExperimenterMessage(message: ExperimenterMessage, version: Version): void {
  const { experimenter, experimenterType } = message;
  if (experimenter === Experimenter.NICIRA && niciraSubtypes.has(experimenterType)) return;
  if (experimenter === Experimenter.ONF && version === OpenFlow13 && flowMonitor.has(experimenterType))
    return;
  const known = experimenter === Experimenter.NICIRA || experimenter === Experimenter.ONF;
  throw new InvalidError(
    known ? "OFPBRC_BAD_EXP_TYPE" : "OFPBRC_BAD_EXPERIMENTER",
    `a message ${experimenterType} of experimenter 0x${experimenter.toString(16)} that is not known here`,
  );
}

const packetInFormatLast = 2;

export function checkPacketInFormat(format: number): void {
  if (format > packetInFormatLast) throw new InvalidError("OFPBRC_EPERM", `packet-in format ${format}`);
}

const commandLast = 2;
const fieldLast = 63;
const optionLongest = 124;

export function checkTlvTableMod({ command, mappings }: TlvTableMod): void {
  if (command > commandLast) throw new InvalidError("NXTTMFC_BAD_COMMAND", `command ${command}`);
  for (const { index, length } of mappings) {
    if (length === 0 || length > optionLongest || length % 4 !== 0) {
      throw new InvalidError("NXTTMFC_BAD_OPT_LEN", `a tunnel option of ${length} bytes`);
    }
    if (index > fieldLast) throw new InvalidError("NXTTMFC_BAD_FIELD_IDX", `tun_metadata${index}`);
  }
}

/** There is a packet, and what is said of it is a match. */
export function checkPacketIn2({ properties }: PacketIn2): void {
  const { packet, metadata = [] } = properties;
  checkMatch(metadata, { told: true });
  if (!packet || packet.length === 0)
    throw new InvalidError("OFPBRC_BAD_LEN", "a packet-in without a packet");
}
