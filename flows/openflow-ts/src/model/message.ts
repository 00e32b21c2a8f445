import type { BundleAdd, BundleControl } from "./bundle.js";
import type { FlowMod, FlowRemoved, PacketIn, PacketOut } from "./flow.js";
import type { GroupMod } from "./group.js";
import type { MeterMod } from "./meter.js";
import type { MultipartReply, MultipartRequest } from "./multipart.js";
import type { NiciraMessage } from "./nicira-message.js";
import type { PortMod, PortStatus } from "./port.js";
import type { QueueGetConfigReply, QueueGetConfigRequest } from "./queue.js";
import type {
  AsyncConfig,
  BareMessage,
  ControllerStatus,
  Echo,
  ErrorMessage,
  ExperimenterMessage,
  FeaturesReply,
  Hello,
  RequestForward,
  RoleMessage,
  RoleStatus,
  SwitchConfig,
} from "./switch.js";
import type { TableMod, TableStatus } from "./table.js";
import type { Tagged } from "./tagged.js";

/** Any message, without version and transaction: the same whichever version carries it. */
export type Message =
  | Hello
  | ErrorMessage
  | Echo
  | ExperimenterMessage
  | BareMessage
  | FeaturesReply
  | SwitchConfig
  | PacketIn
  | FlowRemoved
  | PortStatus
  | PacketOut
  | FlowMod
  | GroupMod
  | PortMod
  | TableMod
  | MultipartRequest
  | MultipartReply
  | QueueGetConfigRequest
  | QueueGetConfigReply
  | RoleMessage
  | RoleStatus
  | AsyncConfig
  | MeterMod
  | TableStatus
  | RequestForward
  | BundleControl
  | BundleAdd
  | ControllerStatus
  | NiciraMessage;

export type MessageType = Message["type"];
export type MessageOf<T extends MessageType> = Tagged<Message, T>;

/** A message with its header. */
export interface Envelope<M extends Message = Message> {
  /** The version byte. Hello, error and echo are the same in all versions and may bear any. */
  readonly version: number;
  readonly xid: number;
  readonly message: M;
}
