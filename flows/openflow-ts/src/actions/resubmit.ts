import { Port } from "../model/constants.js";
import type { ResubmitAction } from "../model/nicira-action.js";
import { type Codec, zeros } from "../wire/codec.js";
import type { Body } from "./entry.js";
import { port16 } from "./port.js";

/** `OFPP_IN_PORT` stands for the packet's own port. */
const portOf = (port: number) => (port === Port.IN_PORT ? {} : { port });

/** `NXAST_RESUBMIT`: in the current table. */
export const resubmit: Codec<Body<ResubmitAction>> = {
  read: (reader) => portOf(port16.read(reader)),
  write: (writer, action) => port16.write(writer, action.port ?? Port.IN_PORT),
};

const currentTable = 0xff;
const padding = zeros(3, "OFPBAC_BAD_ARGUMENT");

/** `NXAST_RESUBMIT_TABLE` and `NXAST_RESUBMIT_TABLE_CT`. */
export function resubmitTable(conntrack: boolean): Codec<Body<ResubmitAction>> {
  return {
    read(reader) {
      const port = portOf(port16.read(reader));
      const table = reader.u8();
      padding.read(reader);
      return conntrack ? { ...port, table, conntrack } : { ...port, table };
    },
    write(writer, action) {
      port16.write(writer, action.port ?? Port.IN_PORT);
      writer.u8(action.table ?? currentTable);
      writer.zeros(3);
    },
  };
}
