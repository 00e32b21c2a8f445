import { matchFields } from "../fields/oxm.js";
import type { SelectionMethod } from "../model/group.js";
import type { ExperimenterProperty } from "../model/property.js";
import { OpenFlow15 } from "../version.js";
import { pad, struct, text, u64 } from "../wire/codec.js";
import { Reader } from "../wire/reader.js";
import { Writer } from "../wire/writer.js";

/** Netronome's extension of groups, which OVS implements (`ntr_group_prop_selection_method`). */
const netronome = 0x0000154d;
const selectionMethodType = 1;

const contents = struct<SelectionMethod>({
  _pad: pad(4),
  method: text(16),
  parameter: u64,
  fields: matchFields,
});

/** The property of a select group that says how its bucket is chosen. */
export function selectionMethod(selection: SelectionMethod): ExperimenterProperty {
  const writer = new Writer(OpenFlow15);
  contents.write(writer, selection);
  return { experimenter: netronome, experimenterType: selectionMethodType, data: writer.finish() };
}

/** What such a property says; undefined if it is another. Throws a `DecodeError`. */
export function parseSelectionMethod(property: ExperimenterProperty): SelectionMethod | undefined {
  if (property.experimenter !== netronome || property.experimenterType !== selectionMethodType)
    return undefined;
  return contents.read(new Reader(property.data, OpenFlow15, "OFPBPC_BAD_LEN"));
}
