import { InvalidError } from "../errors/error.js";
import { Experimenter } from "../model/constants.js";
import type { FlowFilter, FlowMonitorRequest } from "../model/flow.js";
import type { MultipartReplyBody, MultipartRequestBody } from "../model/multipart.js";
import type { TableFeatures } from "../model/table.js";
import type { Tagged } from "../model/tagged.js";
import { OpenFlow13, type Version } from "../version.js";
import { checkGroupDescription } from "./group.js";
import { checkInstructions } from "./instruction.js";
import { checkMatch } from "./match.js";
import { checkBandSizes, checkBands } from "./meter.js";
import { checkPort } from "./port.js";

type Checks<B extends { readonly type: string }> = {
  readonly [T in B["type"]]?: (body: Tagged<B, T>, version: Version) => void;
};

function checkFilter({ outPort, match }: FlowFilter | FlowMonitorRequest): void {
  checkPort(outPort);
  checkMatch(match);
}

/** What has to be said of a table. */
const wanted = [
  "instructions",
  "nextTables",
  "writeActions",
  "applyActions",
  "match",
  "wildcards",
  "writeSetField",
  "applySetField",
] as const;

/** OVS takes 0 (replace) alone of the commands of OpenFlow 1.5. */
function checkTableFeatures({ tables }: { readonly tables: readonly TableFeatures[] }): void {
  for (const { table, command, properties } of tables) {
    if (command !== 0) throw new InvalidError("OFPTFFC_BAD_COMMAND", `command ${command} of table features`);
    const missing = wanted.find((name) => !(name in properties));
    if (missing) throw new InvalidError("OFPTFFC_BAD_FEATURES", `table ${table} without ${missing}`);
  }
}

/** Nicira's statistics that OVS has and that are bytes to us: of IPFIX. */
const niciraStatistics: ReadonlySet<number> = new Set([3, 4]);
const onfFlowMonitor = 1870;

function checkExperimenterMultipart(
  { experimenter, experimenterType }: { readonly experimenter: number; readonly experimenterType: number },
  version: Version,
): void {
  if (experimenter === Experimenter.NICIRA && niciraStatistics.has(experimenterType)) return;
  if (experimenter === Experimenter.ONF && experimenterType === onfFlowMonitor && version === OpenFlow13)
    return;
  const known = experimenter === Experimenter.NICIRA || experimenter === Experimenter.ONF;
  throw new InvalidError(
    known ? "OFPBRC_BAD_EXP_TYPE" : "OFPBRC_BAD_EXPERIMENTER",
    `statistics ${experimenterType} of experimenter 0x${experimenter.toString(16)} that are not known here`,
  );
}

function checkPorts(list: readonly { readonly port: number }[]): void {
  for (const { port } of list) checkPort(port);
}

const requests: Checks<MultipartRequestBody> = {
  flow_desc: checkFilter,
  flow_stats: checkFilter,
  aggregate: checkFilter,
  flow_monitor({ monitors }) {
    for (const monitor of monitors) checkFilter(monitor);
  },
  port_stats: ({ port }) => checkPort(port),
  port_desc: ({ port }) => checkPort(port),
  queue_stats: ({ port }) => checkPort(port),
  queue_desc: ({ port }) => checkPort(port),
  table_features: checkTableFeatures,
  experimenter: checkExperimenterMultipart,
};

const replies: Checks<MultipartReplyBody> = {
  flow_desc({ flows }, version) {
    for (const { match, instructions } of flows) {
      checkMatch(match);
      checkInstructions(instructions, { version });
    }
  },
  port_stats: ({ ports }) => checkPorts(ports),
  port_desc: ({ ports }) => checkPorts(ports),
  queue_stats: ({ queues }) => checkPorts(queues),
  group_desc({ groups }, version) {
    for (const group of groups) checkGroupDescription(group, version);
  },
  meter_desc({ meters }) {
    checkBandSizes(meters.flatMap(({ bands }) => bands));
    for (const { bands } of meters) checkBands(bands);
  },
  flow_monitor({ updates }, version) {
    for (const update of updates) {
      if (!("match" in update)) continue;
      checkMatch(update.match);
      checkInstructions(update.instructions, { version });
    }
  },
  table_features: checkTableFeatures,
  experimenter: checkExperimenterMultipart,
};

/** Throws an `InvalidError` if a switch such as OVS would refuse the request. */
export function checkRequestBody(body: MultipartRequestBody, version: Version): void {
  // The check of this very type takes this very body.
  (requests[body.type] as ((body: MultipartRequestBody, version: Version) => void) | undefined)?.(
    body,
    version,
  );
}

/** Throws an `InvalidError` if OVS, as a controller, would make nothing of the reply. */
export function checkReplyBody(body: MultipartReplyBody, version: Version): void {
  (replies[body.type] as ((body: MultipartReplyBody, version: Version) => void) | undefined)?.(body, version);
}
