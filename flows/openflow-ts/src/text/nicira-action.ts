import { formatIPv4, formatIPv6 } from "../fields/address.js";
import { hex, hex4 } from "../fields/hexadecimal.js";
import { fieldByName } from "../fields/registry.js";
import type { Action } from "../model/action.js";
import { packetInReasons } from "../model/enumeration.js";
import type { Subfield } from "../model/match.js";
import {
  type ConntrackAction,
  ConntrackFlag,
  type NatAction,
  type NatAddress,
  NatFlag,
} from "../model/nicira-action.js";
import { fieldName, formatBytes, formatPlace, formatPort16, formatSetField } from "./field.js";
import type { FormatActions, Formats } from "./format.js";
import { formatLearn } from "./learn.js";

/** `name(a,b,c)`; what is undefined is left out. */
function call(name: string, ...parts: (string | false | undefined)[]): string {
  return `${name}(${parts.filter((part) => part !== undefined && part !== false).join(",")})`;
}

const nameOf = (table: Readonly<Record<string, number>>, value: number, none = `${value}`) =>
  Object.entries(table).find(([, number]) => number === value)?.[0] ?? none;
const unknown = "<unknown>";

/** The name that OVS has from before OpenFlow 1.3, and two reasons more, which it does not name. */
const reasonNames: Readonly<Record<number, string>> = { 0: "no_match", 6: "", 7: "" };
const reasonOf = (reason: number) => reasonNames[reason] ?? nameOf(packetInReasons, reason);

const hashFields = {
  eth_src: 0,
  symmetric_l4: 1,
  symmetric_l3l4: 2,
  "symmetric_l3l4+udp": 3,
  nw_src: 4,
  nw_dst: 5,
  symmetric_l3: 6,
} as const;
const multipathAlgorithms = { modulo_n: 0, hash_threshold: 1, hrw: 2, iter_hash: 3 } as const;
const bundleAlgorithms = { active_backup: 0, hrw: 1 } as const;
const helpers: Readonly<Record<number, string>> = { 21: "ftp", 69: "tftp" };
const directions = [undefined, "ingress", "egress"] as const;
const currentTable = 0xff;
const anyPort16 = 0xffff;

const place = (subfield: Subfield) => formatPlace(subfield, subfield.bits);
const numberOrPlace = (value: number | Subfield) => (typeof value === "number" ? `${value}` : place(value));

function formatAddress(address: NatAddress): string {
  return address.family === 4 ? formatIPv4(BigInt(address.address)) : formatIPv6(address.address);
}

/** `10.0.0.1-10.0.0.9:1024-2048`; IPv6 addresses stand in brackets where ports follow. */
function formatRange({ addressMin, addressMax, portMin, portMax }: NatAction): string {
  const bracket = portMin !== undefined && addressMin?.family === 6;
  const address = (given: NatAddress) => (bracket ? `[${formatAddress(given)}]` : formatAddress(given));
  const addresses = addressMin ? `${address(addressMin)}${addressMax ? `-${address(addressMax)}` : ""}` : "";
  const ports = portMin === undefined ? "" : `:${portMin}${portMax === undefined ? "" : `-${portMax}`}`;
  return `${addresses}${ports}`;
}

function formatNat(nat: NatAction): string {
  const kind = nat.flags & NatFlag.SRC ? "src" : nat.flags & NatFlag.DST ? "dst" : undefined;
  if (kind === undefined) return "nat";
  const range = formatRange(nat);
  const flag = (bit: number, name: string) => ((nat.flags & bit) !== 0 ? name : undefined);
  return call(
    "nat",
    range === "" ? kind : `${kind}=${range}`,
    flag(NatFlag.PERSISTENT, "persistent"),
    flag(NatFlag.PROTO_HASH, "hash"),
    flag(NatFlag.PROTO_RANDOM, "random"),
  );
}

function formatConntrack(ct: ConntrackAction, formatActions: FormatActions): string {
  const nat = ct.actions.find((action) => action.type === "nat");
  const exec = ct.actions.filter((action) => action.type !== "nat");
  const zone = ct.zone === 0 ? undefined : `zone=${numberOrPlace(ct.zone)}`;
  return call(
    "ct",
    ct.flags & ConntrackFlag.COMMIT ? "commit" : undefined,
    ct.flags & ConntrackFlag.FORCE ? "force" : undefined,
    ct.table === undefined ? undefined : `table=${ct.table}`,
    zone,
    nat && formatNat(nat),
    exec.length > 0 ? call("exec", formatActions(exec)) : undefined,
    ct.helper === 0 ? undefined : `alg=${helpers[ct.helper] ?? ct.helper}`,
  );
}

/** What `sample` and its successors have in common. */
function formatSample(action: {
  readonly probability: number;
  readonly collectorSet: number;
  readonly observationDomain: number | Subfield;
  readonly observationPoint: number | Subfield;
  readonly samplingPort?: number;
  readonly direction?: number;
}): string {
  return call(
    "sample",
    `probability=${action.probability}`,
    `collector_set_id=${action.collectorSet}`,
    `obs_domain_id=${numberOrPlace(action.observationDomain)}`,
    `obs_point_id=${numberOrPlace(action.observationPoint)}`,
    action.samplingPort === undefined || action.samplingPort === anyPort16
      ? undefined
      : `sampling_port=${formatPort16(action.samplingPort)}`,
    directions[action.direction ?? 0],
  );
}

const packetTypes: Readonly<Record<number, string>> = {
  0: "ethernet",
  100423: "mpls",
  100424: "mpls_mc",
  100687: "nsh",
};

function formatEncap(action: Extract<Action, { type: "encap" }>): string {
  const kind = packetTypes[action.packetType] ?? hex(action.packetType);
  const properties = action.properties.map(({ class: propertyClass, type, data }) => {
    if (propertyClass === 4 && type === 1) return `md_type=${data[0]}`;
    return `tlv(${hex(propertyClass)},${type},${formatBytes(data)})`;
  });
  return call("encap", properties.length === 0 ? kind : call(kind, ...properties));
}

/** The Nicira extensions as `ovs-ofctl` writes them. */
export const niciraFormats = (formatActions: FormatActions): Formats => ({
  resubmit({ port, table, conntrack }) {
    const from = port === undefined ? "" : formatPort16(port);
    const current = table === undefined || table === currentTable;
    if (current && port !== undefined) return `resubmit:${from}`;
    return call("resubmit", from, current ? "" : `${table}`, conntrack && "ct");
  },
  reg_move: ({ source, destination, bits }) =>
    `move:${formatPlace(source, bits)}->${formatPlace(destination, bits)}`,
  reg_load: ({ destination, value }) => `load:${hex(value)}->${place(destination)}`,
  reg_load2: ({ field }) => formatSetField(field),
  output_reg: ({ source }) => `output:${place(source)}`,
  output_trunc: ({ port, maxLength }) => call("output", `port=${formatPort16(port)}`, `max_len=${maxLength}`),
  learn: formatLearn,
  ct: (action) => formatConntrack(action, formatActions),
  nat: formatNat,
  conjunction: ({ id, clause, clauses }) => call("conjunction", `${id}`, `${clause + 1}/${clauses}`),
  note: ({ data }) => `note:${formatBytes(data)}`,
  controller: ({ reason, maxLength, controller }) =>
    reason === packetInReasons.action && controller === 0
      ? `CONTROLLER:${maxLength}`
      : call(
          "controller",
          reason === packetInReasons.action ? undefined : `reason=${reasonOf(reason)}`,
          maxLength === 0xffff ? undefined : `max_len=${maxLength}`,
          controller === 0 ? undefined : `id=${controller}`,
        ),
  controller2: ({ reason, maxLength, controller, userdata, pause, meter }) =>
    call(
      "controller",
      reason === undefined || reason === packetInReasons.action ? undefined : `reason=${reasonOf(reason)}`,
      maxLength === undefined || maxLength === 0xffff ? undefined : `max_len=${maxLength}`,
      controller ? `id=${controller}` : undefined,
      userdata && userdata.length > 0 && `userdata=${formatBytes(userdata)}`,
      pause && "pause",
      meter ? `meter_id=${meter}` : undefined,
    ),
  multipath: (action) =>
    call(
      "multipath",
      nameOf(hashFields, action.fields, unknown),
      `${action.basis}`,
      nameOf(multipathAlgorithms, action.algorithm, unknown),
      `${action.maxLink + 1}`,
      `${action.argument}`,
      place(action.destination),
    ),
  bundle: (action) => formatBundle("bundle", action),
  bundle_load: (action) => formatBundle("bundle_load", action),
  stack_push: ({ subfield }) => `push:${place(subfield)}`,
  stack_pop: ({ subfield }) => `pop:${place(subfield)}`,
  sample: formatSample,
  sample2: formatSample,
  sample3: formatSample,
  sample4: formatSample,
  fin_timeout: ({ idleTimeout, hardTimeout }) =>
    call(
      "fin_timeout",
      idleTimeout === 0 ? undefined : `idle_timeout=${idleTimeout}`,
      hardTimeout === 0 ? undefined : `hard_timeout=${hardTimeout}`,
    ),
  dec_ttl_cnt_ids: ({ controllers }) => call("dec_ttl", ...controllers.map(String)),
  write_metadata: ({ metadata, mask }) => formatMetadata(metadata, mask),
  set_tunnel: ({ tunnel }) => `set_tunnel:${hex(tunnel)}`,
  set_tunnel64: ({ tunnel }) => `set_tunnel64:${hex(tunnel)}`,
  clone: ({ actions }) => call("clone", formatActions(actions)),
  check_pkt_larger: ({ length, destination }) =>
    `check_pkt_larger(${length})->${formatPlace(destination, 1)}`,
  delete_field({ field }) {
    const known = field.field === "unknown" ? undefined : fieldByName(field.field);
    return `delete_field:${known ? fieldName(known) : "<unknown>"}`;
  },
  encap: formatEncap,
  decap: ({ packetType }) =>
    packetType === 0xfffe
      ? "decap()"
      : call("decap", call("packet_type", `ns=${packetType >>> 16}`, `type=${hex(packetType & 0xffff)}`)),
  nx_dec_ttl: () => "dec_ttl",
  nx_dec_mpls_ttl: () => "dec_mpls_ttl",
  nx_set_queue: ({ queue }) => `set_queue:${queue}`,
  nx_push_mpls: ({ etherType }) => `push_mpls:${hex(etherType)}`,
  nx_pop_mpls: ({ etherType }) => `pop_mpls:${hex4(etherType)}`,
  nx_set_mpls_ttl: ({ ttl }) => `set_mpls_ttl(${ttl})`,
  nx_set_mpls_label: ({ label }) => `set_mpls_label(${label})`,
  nx_set_mpls_tc: ({ tc }) => `set_mpls_tc(${tc})`,
  nx_group: ({ group }) => `group:${group}`,
});

export function formatMetadata(metadata: bigint, mask: bigint): string {
  const all = 0xffff_ffff_ffff_ffffn;
  return `write_metadata:${hex(metadata)}${mask === all ? "" : `/${hex(mask)}`}`;
}

function formatBundle(name: string, action: Extract<Action, { type: "bundle" | "bundle_load" }>): string {
  return call(
    name,
    nameOf(hashFields, action.fields, unknown),
    `${action.basis}`,
    nameOf(bundleAlgorithms, action.algorithm, unknown),
    "ofport",
    action.destination && place(action.destination),
    `members:${action.ports.map(formatPort16).join(",")}`,
  );
}
