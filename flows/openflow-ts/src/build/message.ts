import type { OutputAction } from "../model/action.js";
import { Bucket, Group, NO_BUFFER, NO_BUFFER_LENGTH, Port } from "../model/constants.js";
import type { FlowMod, PacketOut } from "../model/flow.js";
import type { GroupMod } from "../model/group.js";
import { type LearnAction, LearnFlag } from "../model/nicira-action.js";

/** A flow-mod with the usual values in all that is not given: adds to table 0, matches everything, does nothing. */
export function flowMod(given: Partial<Omit<FlowMod, "type">>): FlowMod {
  return {
    type: "flow_mod",
    command: "add",
    table: 0,
    priority: 0x8000,
    cookie: 0n,
    cookieMask: 0n,
    idleTimeout: 0,
    hardTimeout: 0,
    importance: 0,
    bufferId: NO_BUFFER,
    outPort: Port.ANY,
    outGroup: Group.ANY,
    flags: 0,
    match: [],
    instructions: [],
    ...given,
  };
}

/** A group-mod with the usual values in all that is not given: adds a group of type `all` without buckets. */
export function groupMod(given: Partial<Omit<GroupMod, "type">> & Pick<GroupMod, "group">): GroupMod {
  return {
    type: "group_mod",
    command: "add",
    groupType: "all",
    commandBucket: Bucket.ALL,
    buckets: [],
    properties: {},
    ...given,
  };
}

/** A packet-out of a packet of ours; `inPort` is the port that it seems to come from. */
export function packetOut(
  data: Uint8Array,
  actions: PacketOut["actions"],
  inPort: number = Port.CONTROLLER,
): PacketOut {
  return {
    type: "packet_out",
    bufferId: NO_BUFFER,
    match: [{ field: "in_port", value: BigInt(inPort) }],
    actions,
    data,
  };
}

/** Output to a port; to the controller the whole packet, unless `maxLength` says less. */
export function output(port: number, maxLength?: number): OutputAction {
  return { type: "output", port, maxLength: maxLength ?? (port === Port.CONTROLLER ? NO_BUFFER_LENGTH : 0) };
}

/** A learn action with the usual values in all that is not given. */
export function learn(
  given: Partial<Omit<LearnAction, "type">> & Pick<LearnAction, "table" | "specs">,
): LearnAction {
  return {
    type: "learn",
    priority: 0x8000,
    cookie: 0n,
    idleTimeout: 0,
    hardTimeout: 0,
    finIdleTimeout: 0,
    finHardTimeout: 0,
    flags: 0,
    ...given,
    ...(given.result && { flags: (given.flags ?? 0) | LearnFlag.WRITE_RESULT }),
  };
}
