import type { LegacyAction } from "./legacy-action.js";
import type { FieldPosition, MatchField } from "./match.js";
import type { NiciraAction } from "./nicira-action.js";
import type { Tagged } from "./tagged.js";

export interface OutputAction {
  readonly type: "output";
  readonly port: number;
  /** Bytes of the packet that go to the controller, where `port` is that. */
  readonly maxLength: number;
}

/** The actions that carry nothing but their type. */
export interface BareAction {
  readonly type: "copy_ttl_out" | "copy_ttl_in" | "dec_mpls_ttl" | "pop_vlan" | "dec_nw_ttl" | "pop_pbb";
}

export interface SetTtlAction {
  readonly type: "set_mpls_ttl" | "set_nw_ttl";
  readonly ttl: number;
}

export interface TagAction {
  readonly type: "push_vlan" | "push_mpls" | "pop_mpls" | "push_pbb";
  readonly etherType: number;
}

export interface SetQueueAction {
  readonly type: "set_queue";
  readonly queue: number;
}

export interface GroupAction {
  readonly type: "group";
  readonly group: number;
}

/** Sets the bits of a field that the mask has (all without one; OpenFlow 1.5 and OVS take masks). */
export interface SetFieldAction {
  readonly type: "set_field";
  readonly field: MatchField;
}

/** OpenFlow 1.5; before that as ONF extension 320. */
export interface CopyFieldAction {
  readonly type: "copy_field";
  readonly bits: number;
  readonly source: FieldPosition;
  readonly destination: FieldPosition;
  /** The action ends with its contents, as Ryu and os-ken send it, against the specification. */
  readonly unpadded?: true;
}

/** OpenFlow 1.5; before that an instruction. */
export interface MeterAction {
  readonly type: "meter";
  readonly meter: number;
}

/** An action of an experimenter that is not known here, or of a Nicira subtype that is not. */
export interface ExperimenterAction {
  readonly type: "experimenter";
  readonly experimenter: number;
  /** All that follows the experimenter's identifier, padding included. */
  readonly data: Uint8Array;
}

export type StandardAction =
  | OutputAction
  | BareAction
  | SetTtlAction
  | TagAction
  | SetQueueAction
  | GroupAction
  | SetFieldAction
  | CopyFieldAction
  | MeterAction
  | ExperimenterAction;

export type Action = StandardAction | NiciraAction | LegacyAction;
export type ActionType = Action["type"];

/** The member of `Action` that has this type, also where it shares its shape with others. */
export type ActionOf<T extends ActionType> = Tagged<Action, T>;
