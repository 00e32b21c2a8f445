import { match } from "../fields/oxm.js";
import { instructions } from "../instructions/instruction.js";
import { duration, fixedStats, flowStats } from "../instructions/stats.js";
import { flowModCommands, flowRemovedReasons } from "../model/enumeration.js";
import type { FlowMod, FlowRemoved } from "../model/flow.js";
import { absent, byVersion, type Codec, enumerated, pad, struct, u8, u16, u32, u64 } from "../wire/codec.js";

type FlowModBody = Omit<FlowMod, "type">;

const start = {
  cookie: u64,
  cookieMask: u64,
  table: u8,
  command: enumerated(u8, flowModCommands),
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: u16,
} as const;

/** OpenFlow 1.5.1 §7.3.4.2; `importance` came with 1.4. */
export const flowMod: Codec<FlowModBody> = byVersion(
  struct<FlowModBody>({
    ...start,
    importance: absent("importance of flows", 0),
    _pad: pad(2),
    match,
    instructions,
  }),
  struct<FlowModBody>({ ...start, importance: u16, match, instructions }),
);

type FlowRemovedBody = Omit<FlowRemoved, "type">;

const fixedRemoved = struct({
  cookie: u64,
  priority: u16,
  reason: enumerated(u8, flowRemovedReasons),
  table: u8,
  duration,
  idleTimeout: u16,
  hardTimeout: u16,
  packetCount: u64,
  byteCount: u64,
  match,
});

/** OpenFlow 1.3.5 §7.4.2. */
const flowRemoved13: Codec<FlowRemovedBody> = {
  read(reader) {
    const { duration: time, packetCount, byteCount, ...flow } = fixedRemoved.read(reader);
    return { ...flow, stats: { duration: time, packetCount, byteCount } };
  },
  write(writer, { stats, ...flow }) {
    fixedRemoved.write(writer, { ...flow, ...fixedStats(writer, stats) });
  },
};

/** OpenFlow 1.5.1 §7.4.2. */
const flowRemoved15 = struct<FlowRemovedBody>({
  table: u8,
  reason: enumerated(u8, flowRemovedReasons),
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  cookie: u64,
  match,
  stats: flowStats,
});

export const flowRemoved = byVersion(flowRemoved13, flowRemoved13, flowRemoved15);
