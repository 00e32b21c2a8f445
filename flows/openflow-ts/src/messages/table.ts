import { tableReasons } from "../model/enumeration.js";
import type { TableDescription, TableMod, TableModProperties, TableStatus } from "../model/table.js";
import { byVersion, type Codec, enumerated, pad, sized, struct, u8, u32 } from "../wire/codec.js";
import { experimenterProperties, noProperties, property, propertyObject } from "../wire/property.js";

const properties = propertyObject<TableModProperties>({
  eviction: property(2, struct({ flags: u32 })),
  vacancy: property(3, struct<Vacancy>({ down: u8, up: u8, current: u8, _pad: pad(1) })),
  experimenter: experimenterProperties(),
});
type Vacancy = NonNullable<TableModProperties["vacancy"]>;

/** OpenFlow 1.5.1 §7.3.4.1. */
export const tableMod: Codec<Omit<TableMod, "type">> = struct({
  table: u8,
  _pad: pad(3),
  config: u32,
  properties: byVersion<TableModProperties>(noProperties("properties of tables"), properties),
});

export const tableDescription: Codec<TableDescription> = sized(
  struct<TableDescription>({ table: u8, _pad: pad(1), config: u32, properties }),
);

/** OpenFlow 1.5.1 §7.4.5. */
export const tableStatus: Codec<Omit<TableStatus, "type">> = struct({
  reason: enumerated(u8, tableReasons),
  _pad: pad(7),
  description: tableDescription,
});
