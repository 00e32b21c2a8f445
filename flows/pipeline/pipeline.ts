import type { Action, FieldMatch, LearnAction } from "openflow-ts";
import type { Family, LookupTable } from "../table/index.js";
import { encodeCookie, FlowKind } from "./cookie.js";
import { EntryFlows } from "./entry-flows.js";
import { apply, type Flow, flow } from "./flow.js";
import {
  hookPriority,
  type SwitchLayout,
  TABLE_ZERO,
  type TableName,
  tableNumber,
  verdictPriority,
} from "./layout.js";
import { Register } from "./register.js";
import { FIRST_PACKET, learnSpecs, tcp } from "./tcp.js";

/** Seconds without a packet after which the switch forgets a connection. */
export interface ConnectionTimeouts {
  readonly idle: number;
  /** The same, once it has seen a FIN or RST. */
  readonly finIdle: number;
}

export interface PipelineInput {
  readonly layout: SwitchLayout;
  readonly instance: number;
  /** Which life of the plugin: 1 to `LAST_ROUND`. */
  readonly round: number;
  readonly timeouts: ConnectionTimeouts;
  readonly families: readonly Family[];
  readonly table: LookupTable;
  /** Numbers of the peers, from 1. */
  readonly peers: ReadonlyMap<string, number>;
  readonly peersUp: ReadonlySet<string>;
  /** The plugin's port: OpenFlow number and Ethernet address. */
  readonly localPort: { readonly ofport: number; readonly mac: bigint };
  /** OpenFlow port number of the canary. */
  readonly canary: number;
  /** OpenFlow port numbers. */
  readonly passFrom: readonly number[];
  /** Of earlier compilations with the same layout; saves work. */
  readonly entryFlows?: EntryFlows;
}

export interface Pipeline {
  readonly flows: readonly Flow[];
  /** Done once, this keeps new connections coming for `LEASE_SECONDS`. */
  readonly lease: LearnAction;
}

/** New connections pass when the plugin has given no sign of life for so long. */
export const LEASE_SECONDS = 2;

const LEARNED_PRIORITY = 1;

/** The flows of a look-up table: a pure function of what is known of table, peers and ports. See docs/pipeline.md. */
export function compilePipeline(input: PipelineInput): Pipeline {
  const { layout, instance, families } = input;
  const register = new Register(layout.register);
  const cookie = (kind: FlowKind, peer = 0) => encodeCookie({ instance, kind, round: 0, peer });
  const resubmit = (name: TableName): Action => ({ type: "resubmit", table: tableNumber(layout, name) });
  /** The packet meets the flows of table 0 as if ours were not there. */
  const letGo: Action[] = [register.assign({ done: 1 }), { type: "resubmit", table: TABLE_ZERO }];
  const take: Action[] = [
    { type: "set_field", field: { field: "eth_dst", value: input.localPort.mac } },
    { type: "output", port: input.localPort.ofport, maxLength: 0 },
  ];
  const learned = (kind: FlowKind, peer: number, table: TableName): LearnAction => ({
    type: "learn",
    table: tableNumber(layout, table),
    priority: LEARNED_PRIORITY,
    cookie: encodeCookie({ instance, kind, round: input.round, peer }),
    idleTimeout: 0,
    hardTimeout: 0,
    finIdleTimeout: 0,
    finHardTimeout: 0,
    flags: 0,
    specs: [],
  });
  const learnConnection = (family: Family, known: 0 | 1, peer: number, reversed = false): Action => ({
    ...learned(FlowKind.CONNECTION, peer, "connections"),
    idleTimeout: input.timeouts.idle,
    finIdleTimeout: input.timeouts.finIdle,
    specs: learnSpecs(family, reversed, register, known),
  });

  const hook = (
    step: keyof typeof hookPriority,
    match: readonly FieldMatch[],
    actions: readonly Action[],
  ): Flow =>
    flow(
      TABLE_ZERO,
      layout.priority + hookPriority[step],
      cookie(FlowKind.HOOK),
      [register.match({ done: 0 }), ...match],
      apply(...actions),
    );
  const from = (port: number): FieldMatch => ({ field: "in_port", value: BigInt(port) });
  const hooks = families.flatMap((family) => [
    hook(
      "fromPlugin",
      [from(input.localPort.ofport), ...tcp(family), FIRST_PACKET],
      [learnConnection(family, 1, 0, true), ...letGo],
    ),
    ...[input.localPort.ofport, ...input.passFrom].map((port) =>
      hook("letGo", [from(port), ...tcp(family)], letGo),
    ),
    hook("tcp", tcp(family), [
      {
        type: "bundle_load",
        fields: 0,
        basis: 0,
        algorithm: BUNDLE_ACTIVE_BACKUP,
        memberType: BUNDLE_MEMBER_PORT,
        ports: [input.canary],
        destination: register.part("canary"),
      },
      resubmit("connections"),
      resubmit("lease"),
      resubmit("entries"),
    ]),
  ]);

  const verdict = (
    step: keyof typeof verdictPriority,
    peer: number,
    match: readonly FieldMatch[],
    actions: readonly Action[],
  ): Flow =>
    flow(
      tableNumber(layout, "verdict"),
      verdictPriority[step],
      cookie(FlowKind.VERDICT, peer),
      match,
      apply(...actions),
    );
  const canary = input.canary;
  const verdicts = [
    ...[...input.peersUp].flatMap((name) => {
      const peer = input.peers.get(name)!;
      return families.map((family) =>
        verdict(
          "take",
          peer,
          [register.match({ peer, alive: 1, canary }), ...tcp(family), FIRST_PACKET],
          [learnConnection(family, 1, peer), ...take],
        ),
      );
    }),
    ...families.map((family) =>
      verdict(
        "abandon",
        0,
        [register.match({ known: 1 }), ...tcp(family), FIRST_PACKET],
        [learnConnection(family, 0, 0), ...letGo],
      ),
    ),
    verdict("connection", 0, [register.match({ known: 1, canary })], take),
    verdict("otherwise", 0, [], letGo),
  ];

  const entries = (input.entryFlows ?? new EntryFlows()).compile({
    table: tableNumber(layout, "entries"),
    families,
    lookup: input.table,
    cookie: (peer) => cookie(FlowKind.ENTRY, peer),
    matched: (peer) =>
      peer === 0 ? apply(resubmit("verdict")) : apply(register.set({ peer }), resubmit("verdict")),
    peers: input.peers,
  });
  const { bits, ...alive } = register.part("alive");
  return {
    flows: [...hooks, ...entries, ...verdicts],
    lease: {
      ...learned(FlowKind.LEASE, 0, "lease"),
      hardTimeout: LEASE_SECONDS,
      specs: [{ kind: "load", bits, value: 1n, to: alive }],
    },
  };
}

/** `NX_BD_ALG_ACTIVE_BACKUP` (OVS `nicira-ext.h`): the first member that is live. */
const BUNDLE_ACTIVE_BACKUP = 0;
/** The header of `NXM_OF_IN_PORT`: members are port numbers. */
const BUNDLE_MEMBER_PORT = 0x00000002;
