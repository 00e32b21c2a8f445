import { matchField } from "../fields/oxm.js";
import type { OutputRegAction, RegLoadAction, RegMoveAction } from "../model/nicira-action.js";
import { type Codec, empty, pad, rest, struct, u8, u16, u32, u64, zeros } from "../wire/codec.js";
import { actions } from "./action.js";
import { bundle, multipath } from "./bundle.js";
import { conntrack, nat } from "./conntrack.js";
import { controller2 } from "./controller.js";
import { decap, encap } from "./encap.js";
import { ActionTable, type Body, entry } from "./entry.js";
import { learn } from "./learn.js";
import { port16 } from "./port.js";
import { resubmit, resubmitTable } from "./resubmit.js";
import { sample, sample2, sample3, sample4 } from "./sample.js";
import { niciraField, offsetField, readBits, subfield, writeBits } from "./subfield.js";

const regMove: Codec<Body<RegMoveAction>> = {
  read(reader) {
    const bits = reader.u16();
    const from = reader.u16();
    const to = reader.u16();
    const source = { ...niciraField.read(reader), offset: from };
    return { bits, source, destination: { ...niciraField.read(reader), offset: to } };
  },
  write(writer, action) {
    writer.u16(action.bits);
    writer.u16(action.source.offset);
    writer.u16(action.destination.offset);
    niciraField.write(writer, action.source);
    niciraField.write(writer, action.destination);
  },
};

const regLoad: Codec<Body<RegLoadAction>> = struct({ destination: subfield, value: u64 });

const outputReg: Codec<Body<OutputRegAction>> = struct<Omit<OutputRegAction, "type" | "extended">>({
  source: subfield,
  maxLength: u16,
  _zero: zeros(6, "OFPBAC_BAD_ARGUMENT"),
});

const outputReg2: Codec<Body<OutputRegAction>> = {
  read(reader) {
    const bits = readBits(reader);
    const maxLength = reader.u16();
    return { source: { ...niciraField.read(reader), ...bits }, maxLength, extended: true };
  },
  write(writer, action) {
    writeBits(writer, action.source);
    writer.u16(action.maxLength);
    niciraField.write(writer, action.source);
  },
};

const stack = struct({
  subfield: {
    read(reader) {
      const offset = reader.u16();
      const field = niciraField.read(reader);
      return { ...field, offset, bits: reader.u16() };
    },
    write(writer, value) {
      writer.u16(value.offset);
      niciraField.write(writer, value);
      writer.u16(value.bits);
    },
  },
} satisfies { subfield: typeof subfield });

const decTtlControllers: Codec<{ readonly controllers: readonly number[] }> = {
  read(reader) {
    const count = reader.u16();
    zeros(4).read(reader);
    return { controllers: Array.from({ length: count }, () => reader.u16()) };
  },
  write(writer, action) {
    writer.u16(action.controllers.length);
    writer.zeros(4);
    for (const controller of action.controllers) writer.u16(controller);
  },
};

/** Later versions have actions of their own for it. */
const only10 = { until: 1 } as const;
/** OpenFlow 1.5 has `set_field` with masks and `copy_field`. */
const before15 = { until: 5 } as const;
const since13 = { since: 4 } as const;
const mustBeZero = "NXBRC_MUST_BE_ZERO";

/** The subtypes of OVS's extensions (`enum ofp_raw_action_type`, `NXAST_*`). */
function table(): ActionTable {
  return new ActionTable([
    entry(1, "resubmit", resubmit, { accepts: (action) => action.table === undefined && !action.conntrack }),
    entry(2, "set_tunnel", struct({ _pad: pad(2), tunnel: tunnel32 })),
    entry(4, "nx_set_queue", struct({ _pad: pad(2), queue: u32 }), only10),
    entry(5, "pop_queue", empty),
    entry(6, "reg_move", regMove, before15),
    entry(7, "reg_load", regLoad, before15),
    entry(8, "note", struct({ data: rest })),
    entry(9, "set_tunnel64", struct({ _pad: pad(6), tunnel: u64 })),
    entry(10, "multipath", multipath),
    entry(12, "bundle", bundle(false)),
    entry(13, "bundle_load", bundle(true)),
    entry(14, "resubmit", resubmitTable(false), { accepts: (action) => !action.conntrack }),
    entry(15, "output_reg", outputReg, { accepts: (action) => !action.extended }),
    entry(16, "learn", learn(false), {
      accepts: (action) => action.limit === undefined && action.result === undefined,
    }),
    entry(17, "exit", empty),
    entry(18, "nx_dec_ttl", empty, only10),
    entry(19, "fin_timeout", struct({ idleTimeout: u16, hardTimeout: u16 })),
    entry(20, "controller", struct({ maxLength: u16, controller: u16, reason: u8, _pad: pad(1) })),
    entry(21, "dec_ttl_cnt_ids", decTtlControllers),
    entry(22, "write_metadata", struct({ _zero: zeros(6), metadata: u64, mask: u64 })),
    entry(23, "nx_push_mpls", struct({ etherType: u16 }), only10),
    entry(24, "nx_pop_mpls", struct({ etherType: u16 }), only10),
    entry(25, "nx_set_mpls_ttl", struct({ ttl: u8 }), only10),
    entry(26, "nx_dec_mpls_ttl", empty, only10),
    entry(27, "stack_push", stack, { minimum: 24, tailError: mustBeZero }),
    entry(28, "stack_pop", stack, { minimum: 24, tailError: mustBeZero }),
    entry(29, "sample", sample),
    entry(30, "nx_set_mpls_label", struct({ _zero: zeros(2), label: u32 }), only10),
    entry(31, "nx_set_mpls_tc", struct({ tc: u8 }), only10),
    entry(32, "output_reg", outputReg2, { minimum: 24, tailError: mustBeZero }),
    entry(33, "reg_load2", struct({ field: matchField("nicira", "OFPBAC_BAD_SET_LEN") }), before15),
    entry(34, "conjunction", struct({ clause: u8, clauses: u8, id: u32 })),
    entry(35, "ct", conntrack(actions)),
    entry(36, "nat", nat),
    entry(37, "controller2", controller2),
    entry(38, "sample2", sample2),
    entry(39, "output_trunc", struct({ port: port16, maxLength: u32 })),
    entry(40, "nx_group", struct({ _zero: zeros(2), group: u32 }), only10),
    entry(41, "sample3", sample3, { tailError: mustBeZero }),
    entry(42, "clone", struct({ _pad: pad(6), actions })),
    entry(43, "ct_clear", empty),
    entry(44, "resubmit", resubmitTable(true)),
    entry(45, "learn", learn(true)),
    entry(46, "encap", encap, since13),
    entry(47, "decap", decap, since13),
    entry(48, "dec_nsh_ttl", empty, since13),
    entry(49, "check_pkt_larger", struct({ length: u16, destination: offsetField }), { minimum: 24 }),
    entry(50, "delete_field", struct({ field: niciraField }), { minimum: 24 }),
    entry(51, "sample4", sample4),
    entry(254, "debug_slow", empty),
    entry(255, "debug_recirc", empty),
  ]);
}

const tunnel32: Codec<bigint> = {
  read: (reader) => BigInt(reader.u32()),
  write: (writer, value) => writer.unsigned(value, 4),
};

let made: ActionTable | undefined;

/** Made at first use: it names the codec of all actions, which names it. */
export function niciraActions(): ActionTable {
  made ??= table();
  return made;
}
