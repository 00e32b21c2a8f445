/** Names and wire values of the enumerations of the model. A value without a name stays a number. */

/** An enumeration as its table: `{ add: 0, modify: 1 }`. */
export type EnumerationTable = Readonly<Record<string, number>>;

/** A member of `T` by name, or by number where the table has no name for it. */
export type Enumerated<T extends EnumerationTable> = Extract<keyof T, string> | number;

export const flowModCommands = {
  add: 0,
  modify: 1,
  modify_strict: 2,
  delete: 3,
  delete_strict: 4,
} as const;

export const groupModCommands = {
  add: 0,
  modify: 1,
  delete: 2,
  insert_bucket: 3,
  remove_bucket: 5,
  /** Nicira: add, or modify where the group exists. */
  add_or_modify: 0x8000,
} as const;

export const groupTypes = { all: 0, select: 1, indirect: 2, fast_failover: 3 } as const;

export const meterModCommands = { add: 0, modify: 1, delete: 2 } as const;

export const roles = { nochange: 0, equal: 1, master: 2, slave: 3 } as const;

export const roleReasons = { master_request: 0, config: 1, experimenter: 2 } as const;

export const packetInReasons = {
  table_miss: 0,
  action: 1,
  invalid_ttl: 2,
  action_set: 3,
  group: 4,
  packet_out: 5,
} as const;

export const flowRemovedReasons = {
  idle_timeout: 0,
  hard_timeout: 1,
  delete: 2,
  group_delete: 3,
  meter_delete: 4,
  eviction: 5,
} as const;

export const portReasons = { add: 0, delete: 1, modify: 2 } as const;

export const tableReasons = { vacancy_down: 3, vacancy_up: 4 } as const;

export const controllerStatusReasons = {
  request: 0,
  channel_status: 1,
  role: 2,
  controller_added: 3,
  controller_removed: 4,
  short_id: 5,
  experimenter: 6,
} as const;

export const channelStatuses = { up: 0, down: 1 } as const;

export const bundleControls = {
  open_request: 0,
  open_reply: 1,
  close_request: 2,
  close_reply: 3,
  commit_request: 4,
  commit_reply: 5,
  discard_request: 6,
  discard_reply: 7,
} as const;

export const flowMonitorCommands = { add: 0, modify: 1, delete: 2 } as const;

export const flowUpdateEvents = {
  initial: 0,
  added: 1,
  removed: 2,
  modified: 3,
  abbrev: 4,
  paused: 5,
  resumed: 6,
} as const;

export type FlowModCommand = Enumerated<typeof flowModCommands>;
export type GroupModCommand = Enumerated<typeof groupModCommands>;
export type GroupType = Enumerated<typeof groupTypes>;
export type MeterModCommand = Enumerated<typeof meterModCommands>;
export type Role = Enumerated<typeof roles>;
export type RoleReason = Enumerated<typeof roleReasons>;
export type PacketInReason = Enumerated<typeof packetInReasons>;
export type FlowRemovedReason = Enumerated<typeof flowRemovedReasons>;
export type PortReason = Enumerated<typeof portReasons>;
export type TableReason = Enumerated<typeof tableReasons>;
export type ControllerStatusReason = Enumerated<typeof controllerStatusReasons>;
export type ChannelStatus = Enumerated<typeof channelStatuses>;
export type BundleControlType = Enumerated<typeof bundleControls>;
export type FlowMonitorCommand = Enumerated<typeof flowMonitorCommands>;
export type FlowUpdateEvent = Enumerated<typeof flowUpdateEvents>;
