import { channelStatuses, controllerStatusReasons, roleReasons, roles } from "../model/enumeration.js";
import type {
  AsyncMasks,
  ControllerStatusEntry,
  ExperimenterMessage,
  FeaturesReply,
  RoleMessage,
  RoleStatus,
  SwitchConfig,
} from "../model/switch.js";
import {
  absent,
  byVersion,
  type Codec,
  enumerated,
  mapped,
  pad,
  rest,
  sized,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";
import { decodeText, encodeText } from "../wire/text.js";

export const echo = struct({ data: rest });

export const experimenter: Codec<Omit<ExperimenterMessage, "type">> = struct({
  experimenter: u32,
  experimenterType: u32,
  data: rest,
});

/** OpenFlow 1.5.1 §7.3.1. */
export const featuresReply: Codec<Omit<FeaturesReply, "type">> = struct({
  datapathId: u64,
  buffers: u32,
  tables: u8,
  auxiliaryId: u8,
  _pad: pad(2),
  capabilities: u32,
  reserved: u32,
});

export const switchConfig: Codec<Omit<SwitchConfig, "type">> = struct({ flags: u16, missSendLength: u16 });

type RoleBody = Omit<RoleMessage, "type">;

/** OpenFlow 1.5.1 §7.3.9. */
export const role: Codec<RoleBody> = byVersion(
  struct<RoleBody>({
    role: enumerated(u32, roles),
    _pad: pad(4),
    shortId: absent("short identifier of controllers", 0),
    generation: u64,
  }),
  struct<RoleBody>({
    role: enumerated(u32, roles),
    _pad: pad(4),
    shortId: absent("short identifier of controllers", 0),
    generation: u64,
  }),
  struct<RoleBody>({ role: enumerated(u32, roles), shortId: u16, _pad: pad(2), generation: u64 }),
);

/** OpenFlow 1.5.1 §7.4.4. */
export const roleStatus: Codec<Omit<RoleStatus, "type">> = struct({
  role: enumerated(u32, roles),
  reason: enumerated(u8, roleReasons),
  _pad: pad(3),
  generation: u64,
  properties: propertyObject<RoleStatus["properties"]>({ experimenter: experimenterProperties() }),
});

const fixedMasks = [
  "packetIn",
  "packetInSlave",
  "portStatus",
  "portStatusSlave",
  "flowRemoved",
  "flowRemovedSlave",
] as const satisfies readonly (keyof AsyncMasks)[];

/** OpenFlow 1.3.5 §7.3.10: three pairs of masks. */
const async13: Codec<AsyncMasks> = {
  read: (reader) => Object.fromEntries(fixedMasks.map((name) => [name, reader.u32()])),
  write(writer, masks) {
    const others = Object.keys(masks).filter((name) => !fixedMasks.some((known) => known === name));
    if (others.length > 0) throw writer.unsupported(`asynchronous messages ${others.join(", ")}`);
    for (const name of fixedMasks) writer.u32(masks[name] ?? 0);
  },
};

/** OpenFlow 1.5.1 §7.3.10. */
export const asyncProperties = propertyObject<AsyncMasks>({
  packetInSlave: property(0, u32),
  packetIn: property(1, u32),
  portStatusSlave: property(2, u32),
  portStatus: property(3, u32),
  flowRemovedSlave: property(4, u32),
  flowRemoved: property(5, u32),
  roleStatusSlave: property(6, u32),
  roleStatus: property(7, u32),
  tableStatusSlave: property(8, u32),
  tableStatus: property(9, u32),
  requestForwardSlave: property(10, u32),
  requestForward: property(11, u32),
  flowStatsSlave: property(12, u32),
  flowStats: property(13, u32),
  controllerStatusSlave: property(14, u32),
  controllerStatus: property(15, u32),
  experimenterSlave: experimenterProperties(0xfffe),
  experimenter: experimenterProperties(),
});

export const asyncConfig = struct({ masks: byVersion(async13, asyncProperties) });

/** OpenFlow 1.5.1 §7.3.5.19. */
export const controllerStatusEntry: Codec<ControllerStatusEntry> = sized(
  struct<ControllerStatusEntry>({
    shortId: u16,
    role: enumerated(u32, roles),
    reason: enumerated(u8, controllerStatusReasons),
    channelStatus: enumerated(u8, channelStatuses),
    _pad: pad(6),
    properties: propertyObject<ControllerStatusEntry["properties"]>({
      uri: property(0, mapped(rest, decodeText, encodeText)),
      experimenter: experimenterProperties(),
    }),
  }),
);

export const controllerStatus = struct({ status: controllerStatusEntry });
