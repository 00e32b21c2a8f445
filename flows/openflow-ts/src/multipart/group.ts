import { duration } from "../instructions/stats.js";
import { groupDescription } from "../messages/group.js";
import { Group } from "../model/constants.js";
import type { GroupFeatures, GroupStatistics } from "../model/group.js";
import { absent, byVersion, type Codec, list, pad, padded, sized, struct, u32, u64 } from "../wire/codec.js";

export const groupFilter = struct({ group: padded(u32, 4) });

const allGroups = absent<number>("description of one group", Group.ALL);

/** Before OpenFlow 1.5 the description is of all groups. */
export const groupDescriptionFilter = struct({ group: byVersion(allGroups, allGroups, padded(u32, 4)) });

export const groupDescriptions = struct({ groups: list(groupDescription) });

/** OpenFlow 1.5.1 §7.3.5.10. */
export const groupStatistics = struct({
  groups: list(
    sized(
      struct<GroupStatistics>({
        _pad: pad(2),
        group: u32,
        references: u32,
        _pad2: pad(4),
        packetCount: u64,
        byteCount: u64,
        duration,
        buckets: list(struct({ packetCount: u64, byteCount: u64 })),
      }),
    ),
  ),
});

type ByGroupType = GroupFeatures["maxGroups"];

const byGroupType: Codec<ByGroupType> = {
  read: (reader) => [reader.u32(), reader.u32(), reader.u32(), reader.u32()],
  write(writer, values) {
    for (const value of values) writer.u32(value);
  },
};

/** OpenFlow 1.5.1 §7.3.5.12. */
export const groupFeatures = struct<GroupFeatures>({
  types: u32,
  capabilities: u32,
  maxGroups: byGroupType,
  actions: byGroupType,
});
