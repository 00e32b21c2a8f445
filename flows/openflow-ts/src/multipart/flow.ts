import { match } from "../fields/oxm.js";
import { instructions } from "../instructions/instruction.js";
import { duration, fixedStats, flowStats } from "../instructions/stats.js";
import { flowMonitorCommands, flowRemovedReasons, flowUpdateEvents } from "../model/enumeration.js";
import type {
  FlowDescription,
  FlowFilter,
  FlowMonitorRequest,
  FlowStatistics,
  FlowUpdate,
} from "../model/flow.js";
import type { FlowStats } from "../model/instruction.js";
import {
  absent,
  byVersion,
  type Codec,
  enumerated,
  list,
  pad,
  sized,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "../wire/codec.js";

/** The body of a request for flows, their statistics or their sum. */
const filter = struct<Omit<FlowFilter, "trailing">>({
  table: u8,
  _pad: pad(3),
  outPort: u32,
  outGroup: u32,
  _pad2: pad(4),
  cookie: u64,
  cookieMask: u64,
  match,
});

/** The same with what some peers put behind it, which OVS takes, too. */
export const flowFilter: Codec<FlowFilter> = {
  read(reader) {
    const wanted = filter.read(reader);
    return reader.remaining === 0 ? wanted : { ...wanted, trailing: reader.rest() };
  },
  write(writer, { trailing, ...wanted }) {
    filter.write(writer, wanted);
    if (trailing) writer.bytes(trailing);
  },
};

type Fixed = Omit<FlowDescription, "stats"> & {
  readonly duration: NonNullable<FlowStats["duration"]>;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
};

const start = {
  table: u8,
  _pad: pad(1),
  duration,
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  flags: u16,
} as const;
const end = { cookie: u64, packetCount: u64, byteCount: u64, match, instructions } as const;

const fixed = byVersion(
  struct<Fixed>({ ...start, importance: absent("importance of flows", 0), _pad2: pad(4), ...end }),
  struct<Fixed>({ ...start, importance: u16, _pad2: pad(2), ...end }),
);

/** OpenFlow 1.3.5 §7.3.5.2, where the statistics have fixed places. */
const description13: Codec<FlowDescription> = sized({
  read(reader) {
    const { duration: time, packetCount, byteCount, ...flow } = fixed.read(reader);
    return { ...flow, stats: { duration: time, packetCount, byteCount } };
  },
  write(writer, { stats, ...flow }) {
    fixed.write(writer, { ...flow, ...fixedStats(writer, stats) });
  },
});

/** OpenFlow 1.5.1 §7.3.5.2. */
const description15: Codec<FlowDescription> = sized(
  struct<FlowDescription>({
    _pad: pad(2),
    table: u8,
    _pad2: pad(1),
    priority: u16,
    idleTimeout: u16,
    hardTimeout: u16,
    flags: u16,
    importance: u16,
    cookie: u64,
    match,
    stats: flowStats,
    instructions,
  }),
);

export const flowDescriptions = struct({
  flows: list(byVersion(description13, description13, description15)),
});

/** OpenFlow 1.5.1 §7.3.5.3. */
export const flowStatistics = struct({
  flows: list(
    sized(
      struct<FlowStatistics>({
        _pad: pad(2),
        table: u8,
        reason: u8,
        priority: u16,
        match,
        stats: flowStats,
      }),
    ),
  ),
});

const sum13: Codec<FlowStats> = {
  read(reader) {
    const stats = { packetCount: reader.u64(), byteCount: reader.u64(), flowCount: reader.u32() };
    reader.skip(4);
    return stats;
  },
  write(writer, stats) {
    if (stats.duration) throw writer.unsupported("duration of an aggregate");
    const { packetCount, byteCount, flowCount } = fixedStats(writer, stats);
    writer.u64(packetCount);
    writer.u64(byteCount);
    writer.u32(flowCount);
    writer.zeros(4);
  },
};

export const aggregate = struct({ stats: byVersion(sum13, sum13, flowStats) });

/** OpenFlow 1.5.1 §7.3.5.20. */
export const flowMonitors = struct({
  monitors: list(
    struct<FlowMonitorRequest>({
      monitor: u32,
      outPort: u32,
      outGroup: u32,
      flags: u16,
      table: u8,
      command: enumerated(u8, flowMonitorCommands),
      match,
    }),
  ),
});

type FullUpdate = Exclude<FlowUpdate, { event: "abbrev" | "paused" | "resumed" }>;

const fullUpdate = struct<Omit<FullUpdate, "event">>({
  table: u8,
  reason: enumerated(u8, flowRemovedReasons),
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  _zero: pad(4),
  cookie: u64,
  match,
  instructions,
});

const eventCodec = enumerated(u16, flowUpdateEvents);

const flowUpdate = sized<FlowUpdate>({
  read(reader) {
    const event = eventCodec.read(reader);
    if (event === "abbrev") return { event, xid: reader.u32() };
    if (event === "paused" || event === "resumed") {
      reader.skip(4);
      return { event };
    }
    if (typeof event === "number") {
      throw reader.fail("OFPBRC_BAD_TYPE", `a flow update of event ${event}`);
    }
    return { event, ...fullUpdate.read(reader) };
  },
  write(writer, update) {
    eventCodec.write(writer, update.event);
    if (update.event === "abbrev") writer.u32(update.xid);
    else if (update.event === "paused" || update.event === "resumed") writer.zeros(4);
    else fullUpdate.write(writer, update);
  },
});

export const flowUpdates = struct({ updates: list(flowUpdate) });
