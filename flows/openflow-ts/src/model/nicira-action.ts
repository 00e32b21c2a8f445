import type { Action } from "./action.js";
import type { AnyFieldReference, FieldPosition, MatchField, Subfield } from "./match.js";

/** Looks the packet up again, in `table` (the current one if absent), as if it had come in by `port`. */
export interface ResubmitAction {
  readonly type: "resubmit";
  /** Absent: the packet's own port. */
  readonly port?: number;
  readonly table?: number;
  /** Look up with the connection-tracking original tuple in place of the packet's. */
  readonly conntrack?: true;
}

/** `bits` bits of `source` go to `destination`. */
export interface RegMoveAction {
  readonly type: "reg_move";
  readonly bits: number;
  readonly source: FieldPosition;
  readonly destination: FieldPosition;
}

/** An immediate value goes to at most 64 bits of a field. */
export interface RegLoadAction {
  readonly type: "reg_load";
  readonly destination: Subfield;
  readonly value: bigint;
}

/** `set_field` in Nicira's clothes. */
export interface RegLoad2Action {
  readonly type: "reg_load2";
  readonly field: MatchField;
}

/** Output to the port whose number is in a field. */
export interface OutputRegAction {
  readonly type: "output_reg";
  readonly source: Subfield;
  readonly maxLength: number;
  /** Set: the second form of the action, which can name any field. */
  readonly extended?: true;
}

/** Output at most `maxLength` bytes of the packet. */
export interface OutputTruncateAction {
  readonly type: "output_trunc";
  readonly port: number;
  readonly maxLength: number;
}

/** Where the bits of a learnt match, load or output come from. */
export type LearnSource = { readonly from: FieldPosition } | { readonly value: bigint };

/** One part of the flow that `learn` makes. */
export type LearnSpec = LearnSource & { readonly bits: number } & (
    | { readonly kind: "match" | "load"; readonly to: FieldPosition }
    | { readonly kind: "output" }
  );

/** Adds or modifies a flow in `table` when a packet meets this action. */
export interface LearnAction {
  readonly type: "learn";
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  /** Seconds, 0 for none; like the three below. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  /** Timeouts that the flow gets once it has seen a FIN or RST. */
  readonly finIdleTimeout: number;
  readonly finHardTimeout: number;
  /** Bits of `LearnFlag`. */
  readonly flags: number;
  readonly specs: readonly LearnSpec[];
  /** At most so many flows with this cookie in this table; 0 for no limit. Given: the second form of the action. */
  readonly limit?: number;
  /** One bit that becomes 1 if the flow was learnt and 0 if the limit forbade it. */
  readonly result?: FieldPosition;
}

/** Bits of `LearnAction.flags`. */
export const LearnFlag = { SEND_FLOW_REM: 1, DELETE_LEARNED: 2, WRITE_RESULT: 4 } as const;

/** Sends the packet through connection tracking. */
export interface ConntrackAction {
  readonly type: "ct";
  /** Bits of `ConntrackFlag`. */
  readonly flags: number;
  readonly zone: number | Subfield;
  /** The table in which tracked packets go on; absent: no recirculation. */
  readonly table?: number;
  /** Port of the application-layer gateway: 21 for FTP, 69 for TFTP, 0 for none. */
  readonly helper: number;
  /** `exec(...)` and `nat(...)`. */
  readonly actions: readonly Action[];
}

/** Bits of `ConntrackAction.flags`. */
export const ConntrackFlag = { COMMIT: 1, FORCE: 2 } as const;

/** Only inside `ct`. */
export interface NatAction {
  readonly type: "nat";
  /** Bits of `NatFlag`. */
  readonly flags: number;
  readonly addressMin?: NatAddress;
  readonly addressMax?: NatAddress;
  readonly portMin?: number;
  readonly portMax?: number;
}

export type NatAddress =
  | { readonly family: 4; readonly address: number }
  | { readonly family: 6; readonly address: bigint };

/** Bits of `NatAction.flags`. */
export const NatFlag = { SRC: 1, DST: 2, PERSISTENT: 4, PROTO_HASH: 8, PROTO_RANDOM: 16 } as const;

/** One dimension of a conjunctive match. */
export interface ConjunctionAction {
  readonly type: "conjunction";
  readonly id: number;
  /** Which dimension, from 0. On paper it is counted from 1. */
  readonly clause: number;
  readonly clauses: number;
}

/** An annotation without effect. Its length is 6 plus a multiple of 8; encoding pads with zeros. */
export interface NoteAction {
  readonly type: "note";
  readonly data: Uint8Array;
}

export interface ControllerAction {
  readonly type: "controller";
  readonly maxLength: number;
  readonly controller: number;
  readonly reason: number;
}

/** The extensible form of `controller`. */
export interface Controller2Action {
  readonly type: "controller2";
  readonly maxLength?: number;
  readonly controller?: number;
  readonly reason?: number;
  readonly userdata?: Uint8Array;
  readonly meter?: number;
  readonly pause?: true;
}

/** Hashes `fields` of the packet onto `maxLink + 1` links. */
export interface MultipathAction {
  readonly type: "multipath";
  readonly fields: number;
  readonly basis: number;
  readonly algorithm: number;
  readonly maxLink: number;
  readonly argument: number;
  readonly destination: Subfield;
}

/** Chooses a live port by hash. `bundle_load` stores it, `bundle` sends there. */
export interface BundleAction {
  readonly type: "bundle" | "bundle_load";
  readonly fields: number;
  readonly basis: number;
  readonly algorithm: number;
  readonly memberType: number;
  readonly ports: readonly number[];
  /** Only of `bundle_load`. */
  readonly destination?: Subfield;
}

export interface StackAction {
  readonly type: "stack_push" | "stack_pop";
  readonly subfield: Subfield;
}

export interface SampleAction {
  readonly type: "sample" | "sample2" | "sample3";
  readonly probability: number;
  readonly collectorSet: number;
  readonly observationDomain: number;
  readonly observationPoint: number;
  readonly samplingPort?: number;
  /** 0 default, 1 ingress, 2 egress. Only of `sample3`. */
  readonly direction?: number;
}

/** `sample` with domain and point taken from fields. */
export interface Sample4Action {
  readonly type: "sample4";
  readonly probability: number;
  readonly collectorSet: number;
  readonly observationDomain: number | Subfield;
  readonly observationPoint: number | Subfield;
  readonly samplingPort: number;
  readonly direction: number;
}

export interface FinTimeoutAction {
  readonly type: "fin_timeout";
  readonly idleTimeout: number;
  readonly hardTimeout: number;
}

export interface DecTtlControllersAction {
  readonly type: "dec_ttl_cnt_ids";
  readonly controllers: readonly number[];
}

export interface WriteMetadataAction {
  readonly type: "write_metadata";
  readonly metadata: bigint;
  readonly mask: bigint;
}

export interface SetTunnelAction {
  readonly type: "set_tunnel" | "set_tunnel64";
  readonly tunnel: bigint;
}

export interface CloneAction {
  readonly type: "clone";
  readonly actions: readonly Action[];
}

export interface CheckPacketLargerAction {
  readonly type: "check_pkt_larger";
  readonly length: number;
  readonly destination: FieldPosition;
}

export interface DeleteFieldAction {
  readonly type: "delete_field";
  readonly field: AnyFieldReference;
}

export interface EncapAction {
  readonly type: "encap";
  readonly headerSize: number;
  readonly packetType: number;
  readonly properties: readonly EncapProperty[];
}

export interface EncapProperty {
  readonly class: number;
  readonly type: number;
  readonly data: Uint8Array;
}

export interface DecapAction {
  readonly type: "decap";
  readonly packetType: number;
}

/** The actions that carry nothing but their subtype. */
export interface BareNiciraAction {
  readonly type:
    | "pop_queue"
    | "exit"
    | "nx_dec_ttl"
    | "nx_dec_mpls_ttl"
    | "ct_clear"
    | "dec_nsh_ttl"
    | "debug_slow"
    | "debug_recirc";
}

/** What later versions of OpenFlow have as actions of their own. */
export type NiciraTwinAction =
  | { readonly type: "nx_set_queue"; readonly queue: number }
  | { readonly type: "nx_push_mpls" | "nx_pop_mpls"; readonly etherType: number }
  | { readonly type: "nx_set_mpls_ttl"; readonly ttl: number }
  | { readonly type: "nx_set_mpls_label"; readonly label: number }
  | { readonly type: "nx_set_mpls_tc"; readonly tc: number }
  | { readonly type: "nx_group"; readonly group: number };

export type NiciraAction =
  | ResubmitAction
  | RegMoveAction
  | RegLoadAction
  | RegLoad2Action
  | OutputRegAction
  | OutputTruncateAction
  | LearnAction
  | ConntrackAction
  | NatAction
  | ConjunctionAction
  | NoteAction
  | ControllerAction
  | Controller2Action
  | MultipathAction
  | BundleAction
  | StackAction
  | SampleAction
  | Sample4Action
  | FinTimeoutAction
  | DecTtlControllersAction
  | WriteMetadataAction
  | SetTunnelAction
  | CloneAction
  | CheckPacketLargerAction
  | DeleteFieldAction
  | EncapAction
  | DecapAction
  | BareNiciraAction
  | NiciraTwinAction;
