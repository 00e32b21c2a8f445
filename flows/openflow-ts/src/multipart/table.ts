import { tableDescription } from "../messages/table.js";
import type {
  FeatureField,
  FeatureType,
  TableFeatureProperties,
  TableFeatures,
  TableStatistics,
} from "../model/table.js";
import {
  absent,
  byVersion,
  type Codec,
  list,
  pad,
  rest,
  sized,
  struct,
  text,
  u8,
  u32,
  u64,
} from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";

export const tableStatistics = struct({
  tables: list(
    struct<TableStatistics>({
      table: u8,
      _pad: pad(3),
      activeCount: u32,
      lookupCount: u64,
      matchedCount: u64,
    }),
  ),
});

export const tableDescriptions = struct({ tables: list(tableDescription) });

const experimenterType = 0xffff;

/** The header of an action or instruction alone: type and length, and an experimenter's identifier. */
const featureType: Codec<FeatureType> = {
  read(reader) {
    const length = reader.peekU16(2);
    if (length < 4) throw reader.fail(reader.lengthError, `a feature of ${length} bytes`);
    const contents = reader.sub(length);
    const type = contents.u16();
    contents.skip(2);
    const experimenter = type === experimenterType ? { experimenter: contents.u32() } : {};
    return { type, ...experimenter, ...(contents.remaining > 0 && { data: contents.rest() }) };
  },
  write(writer, feature) {
    const start = writer.length;
    writer.u16(feature.type);
    writer.u16(0);
    if (feature.type === experimenterType) writer.u32(feature.experimenter ?? 0);
    if (feature.data) writer.bytes(feature.data);
    writer.patchU16(start + 2, writer.length - start);
  },
};

const experimenterClass = 0xffff;

/** The header of an OXM field; the length in it is that of a value, or of value and mask. */
const featureField: Codec<FeatureField> = {
  read(reader) {
    const oxmClass = reader.u16();
    const kind = reader.u8();
    const size = reader.u8();
    const experimenter = oxmClass === experimenterClass ? { experimenter: reader.u32() } : {};
    return { class: oxmClass, number: kind >> 1, hasMask: (kind & 1) === 1, size, ...experimenter };
  },
  write(writer, field) {
    writer.u16(field.class);
    writer.u8((field.number << 1) | (field.hasMask ? 1 : 0));
    writer.u8(field.size);
    if (field.class === experimenterClass) writer.u32(field.experimenter ?? 0);
  },
};

const types = list(featureType);
const fields = list(featureField);
const tableNumbers = list(u8);

/** OpenFlow 1.5.1 §7.3.5.18.2. */
const properties = propertyObject<TableFeatureProperties>({
  instructions: property(0, types),
  instructionsMiss: property(1, types),
  nextTables: property(2, tableNumbers),
  nextTablesMiss: property(3, tableNumbers),
  writeActions: property(4, types),
  writeActionsMiss: property(5, types),
  applyActions: property(6, types),
  applyActionsMiss: property(7, types),
  match: property(8, fields),
  wildcards: property(10, fields),
  writeSetField: property(12, fields),
  writeSetFieldMiss: property(13, fields),
  applySetField: property(14, fields),
  applySetFieldMiss: property(15, fields),
  tableSyncFrom: property(16, tableNumbers),
  writeCopyField: property(18, fields),
  writeCopyFieldMiss: property(19, fields),
  applyCopyField: property(20, fields),
  applyCopyFieldMiss: property(21, fields),
  packetTypes: property(22, rest),
  experimenter: experimenterProperties(0xfffe),
  experimenterMiss: experimenterProperties(0xffff),
});

const end = {
  name: text(32),
  metadataMatch: u64,
  metadataWrite: u64,
  capabilities: u32,
  maxEntries: u32,
  properties,
} as const;

const features13 = struct<TableFeatures>({
  table: u8,
  command: absent("commands in table features", 0),
  features: absent("feature flags of tables", 0),
  _pad: pad(5),
  ...end,
});
const features15 = struct<TableFeatures>({ table: u8, command: u8, features: u32, ...end });

export const tableFeatures = struct({
  tables: list(sized(byVersion(features13, features13, features15))),
});
