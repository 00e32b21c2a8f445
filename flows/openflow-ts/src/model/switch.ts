import type { ChannelStatus, ControllerStatusReason, Role, RoleReason } from "./enumeration.js";
import type { Message } from "./message.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

export interface Hello {
  readonly type: "hello";
  readonly elements: readonly HelloElement[];
}

export type HelloElement =
  /** Wire versions that the sender speaks, ascending. */
  | { readonly type: "version_bitmap"; readonly versions: readonly number[]; readonly words?: number }
  | { readonly type: "unknown"; readonly elementType: number; readonly data: Uint8Array }
  /** Bytes at the end that are no element. */
  | { readonly type: "trailing"; readonly data: Uint8Array };

export interface ErrorMessage {
  readonly type: "error";
  readonly errorType: number;
  /** The code; of an experimenter's error its type. */
  readonly code: number;
  /** Only where `errorType` is 0xffff. */
  readonly experimenter?: number;
  /** The start of the message that failed, or text where `errorType` is 0 (hello failed). */
  readonly data: Uint8Array;
}

export interface Echo {
  readonly type: "echo_request" | "echo_reply";
  readonly data: Uint8Array;
}

export interface ExperimenterMessage {
  readonly type: "experimenter";
  readonly experimenter: number;
  readonly experimenterType: number;
  readonly data: Uint8Array;
}

/** The messages that carry nothing but their type. */
export interface BareMessage {
  readonly type:
    | "features_request"
    | "get_config_request"
    | "barrier_request"
    | "barrier_reply"
    | "get_async_request";
}

export interface FeaturesReply {
  readonly type: "features_reply";
  readonly datapathId: bigint;
  readonly buffers: number;
  readonly tables: number;
  readonly auxiliaryId: number;
  /** Bits of `Capability`. */
  readonly capabilities: number;
  readonly reserved: number;
}

export interface SwitchConfig {
  readonly type: "get_config_reply" | "set_config";
  /** `ConfigFlag`. */
  readonly flags: number;
  /** Bytes of a packet that go into a packet-in. On an OVS service connection, more than 0 turns packet-ins on. */
  readonly missSendLength: number;
}

export interface RoleMessage {
  readonly type: "role_request" | "role_reply";
  readonly role: Role;
  /** OpenFlow 1.5; 0 before. */
  readonly shortId: number;
  readonly generation: bigint;
}

/** OpenFlow 1.4 on. */
export interface RoleStatus {
  readonly type: "role_status";
  readonly role: Role;
  readonly reason: RoleReason;
  readonly generation: bigint;
  readonly properties: {
    readonly experimenter?: readonly ExperimenterProperty[];
    readonly unknown?: readonly UnknownProperty[];
  };
}

/**
 * Which asynchronous messages a controller gets, as bits by reason: `...Slave` while it is a slave. In OpenFlow 1.3 the
 * first six are always there; later each is a property of its own, in the order of the object's keys.
 */
export interface AsyncConfig {
  readonly type: "set_async" | "get_async_reply";
  readonly masks: AsyncMasks;
}

export interface AsyncMasks {
  readonly packetIn?: number;
  readonly packetInSlave?: number;
  readonly portStatus?: number;
  readonly portStatusSlave?: number;
  readonly flowRemoved?: number;
  readonly flowRemovedSlave?: number;
  readonly roleStatus?: number;
  readonly roleStatusSlave?: number;
  readonly tableStatus?: number;
  readonly tableStatusSlave?: number;
  readonly requestForward?: number;
  readonly requestForwardSlave?: number;
  readonly flowStats?: number;
  readonly flowStatsSlave?: number;
  readonly controllerStatus?: number;
  readonly controllerStatusSlave?: number;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly experimenterSlave?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

/** Someone else's group-mod or meter-mod, told to those who asked for it (OpenFlow 1.4 on). */
export interface RequestForward {
  readonly type: "request_forward";
  readonly request: Message;
  readonly requestXid: number;
}

/** OpenFlow 1.5. */
export interface ControllerStatus {
  readonly type: "controller_status";
  readonly status: ControllerStatusEntry;
}

export interface ControllerStatusEntry {
  readonly shortId: number;
  readonly role: Role;
  readonly reason: ControllerStatusReason;
  readonly channelStatus: ChannelStatus;
  readonly properties: {
    readonly uri?: string;
    readonly experimenter?: readonly ExperimenterProperty[];
    readonly unknown?: readonly UnknownProperty[];
  };
}
