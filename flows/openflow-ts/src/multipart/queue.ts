import { duration } from "../instructions/stats.js";
import { queueDescription } from "../messages/queue.js";
import type { QueueStatistics } from "../model/queue.js";
import { byVersion, list, pad, sized, struct, u32, u64 } from "../wire/codec.js";
import { experimenterProperties, noProperties, propertyObject } from "../wire/property.js";

export const queueFilter = struct({ port: u32, queue: u32 });
export const queueDescriptions = struct({ queues: list(queueDescription) });

const counters = { port: u32, queue: u32, txBytes: u64, txPackets: u64, txErrors: u64, duration } as const;
type Properties = QueueStatistics["properties"];

/** OpenFlow 1.5.1 §7.3.5.8. */
export const queueStatistics = struct({
  queues: list(
    byVersion(
      struct<QueueStatistics>({
        ...counters,
        properties: noProperties<Properties>("properties of queue statistics"),
      }),
      sized(
        struct<QueueStatistics>({
          _pad: pad(6),
          ...counters,
          properties: propertyObject<Properties>({ experimenter: experimenterProperties() }),
        }),
      ),
    ),
  ),
});
