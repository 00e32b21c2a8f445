import { actions } from "../actions/action.js";
import { Bucket, Group, Port } from "../model/constants.js";
import { groupModCommands, groupTypes } from "../model/enumeration.js";
import type { GroupBucket, GroupDescription, GroupMod, GroupProperties } from "../model/group.js";
import {
  absent,
  byVersion,
  type Codec,
  enumerated,
  list,
  pad,
  padded,
  sized,
  struct,
  u8,
  u16,
  u32,
} from "../wire/codec.js";
import { experimenterProperties, noProperties, property, propertyObject } from "../wire/property.js";
import type { Writer } from "../wire/writer.js";

/** OpenFlow 1.3.5 §7.3.4.2: what a bucket does not need is there as well, with a value that says so. */
const bucket13 = sized<GroupBucket>({
  read(reader) {
    const weight = reader.u16();
    const watchPort = reader.u32();
    const watchGroup = reader.u32();
    reader.skip(4);
    return {
      ...(weight !== 0 && { weight }),
      ...(watchPort !== Port.ANY && { watchPort }),
      ...(watchGroup !== Group.ANY && { watchGroup }),
      actions: actions.read(reader),
    };
  },
  write(writer, bucket) {
    if (bucket.experimenter || bucket.unknown) throw writer.unsupported("properties of buckets");
    writer.u16(bucket.weight ?? 0);
    writer.u32(bucket.watchPort ?? Port.ANY);
    writer.u32(bucket.watchGroup ?? Group.ANY);
    writer.zeros(4);
    actions.write(writer, bucket.actions);
  },
});

type BucketProperties = Omit<GroupBucket, "id" | "actions">;

const bucketProperties = propertyObject<BucketProperties>({
  weight: property(0, padded(u16, 2)),
  watchPort: property(1, u32),
  watchGroup: property(2, u32),
  experimenter: experimenterProperties(),
});

/** OpenFlow 1.5.1 §7.3.4.3. */
const bucket15: Codec<GroupBucket> = sized({
  read(reader) {
    const length = reader.u16();
    const id = reader.u32();
    const list = actions.read(reader.sub(length));
    return { id, actions: list, ...bucketProperties.read(reader) };
  },
  write(writer, { id, actions: given, ...properties }) {
    const lengthAt = writer.length;
    writer.u16(0);
    writer.u32(id ?? 0);
    const start = writer.length;
    actions.write(writer, given);
    writer.patchU16(lengthAt, writer.length - start);
    bucketProperties.write(writer, properties);
  },
});

const buckets13 = list(bucket13);

/** Buckets without an identifier get their place in the list as one. */
const buckets15: Codec<readonly GroupBucket[]> = {
  read: list(bucket15).read,
  write(writer, buckets) {
    for (const [index, bucket] of buckets.entries()) bucket15.write(writer, { id: index, ...bucket });
  },
};

const groupProperties = propertyObject<GroupProperties>({ experimenter: experimenterProperties() });
const noGroupProperties = noProperties<GroupProperties>("properties of groups");

type GroupModBody = Omit<GroupMod, "type">;

const groupMod13: Codec<GroupModBody> = struct({
  command: enumerated(u16, groupModCommands),
  groupType: enumerated(u8, groupTypes),
  _pad: pad(1),
  group: u32,
  commandBucket: absent("group commands for one bucket", Bucket.ALL),
  buckets: buckets13,
  properties: noGroupProperties,
});

/** `bucket_array_len`, what stands between it and the buckets, the buckets, the properties. */
function writeArrays(
  writer: Writer,
  group: { buckets: readonly GroupBucket[]; properties: GroupProperties },
  between: () => void,
): void {
  const lengthAt = writer.length;
  writer.u16(0);
  between();
  const start = writer.length;
  buckets15.write(writer, group.buckets);
  writer.patchU16(lengthAt, writer.length - start);
  groupProperties.write(writer, group.properties);
}

const head15 = struct<Pick<GroupModBody, "command" | "groupType" | "group">>({
  command: enumerated(u16, groupModCommands),
  groupType: enumerated(u8, groupTypes),
  _pad: pad(1),
  group: u32,
});

/** OpenFlow 1.5.1 §7.3.4.3. */
const groupMod15: Codec<GroupModBody> = {
  read(reader) {
    const head = head15.read(reader);
    const length = reader.u16();
    reader.skip(2);
    const commandBucket = reader.u32();
    const buckets = buckets15.read(reader.sub(length));
    return { ...head, commandBucket, buckets, properties: groupProperties.read(reader) };
  },
  write(writer, group) {
    head15.write(writer, group);
    writeArrays(writer, group, () => {
      writer.zeros(2);
      writer.u32(group.commandBucket);
    });
  },
};

export const groupMod = byVersion(groupMod13, groupMod13, groupMod15);

const description13: Codec<GroupDescription> = sized(
  struct({
    groupType: enumerated(u8, groupTypes),
    _pad: pad(1),
    group: u32,
    buckets: buckets13,
    properties: noGroupProperties,
  }),
);

const description15: Codec<GroupDescription> = sized({
  read(reader) {
    const groupType = enumerated(u8, groupTypes).read(reader);
    reader.skip(1);
    const group = reader.u32();
    const length = reader.u16();
    reader.skip(6);
    const buckets = buckets15.read(reader.sub(length));
    return { groupType, group, buckets, properties: groupProperties.read(reader) };
  },
  write(writer, group) {
    enumerated(u8, groupTypes).write(writer, group.groupType);
    writer.zeros(1);
    writer.u32(group.group);
    writeArrays(writer, group, () => writer.zeros(6));
  },
});

/** One group of a group description. */
export const groupDescription = byVersion(description13, description13, description15);
