import { experimenter } from "../messages/switch.js";
import type {
  MultipartReply,
  MultipartReplyBody,
  MultipartRequest,
  MultipartRequestBody,
} from "../model/multipart.js";
import type { Tagged } from "../model/tagged.js";
import { type Version, versionName } from "../version.js";
import { type Codec, empty } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import {
  aggregate,
  flowDescriptions,
  flowFilter,
  flowMonitors,
  flowStatistics,
  flowUpdates,
} from "./flow.js";
import {
  groupDescriptionFilter,
  groupDescriptions,
  groupFeatures,
  groupFilter,
  groupStatistics,
} from "./group.js";
import { meterDescriptions, meterFeatures, meterFilter, meterStatistics } from "./meter.js";
import { portDescriptionFilter, portDescriptions, portFilter, portStatistics } from "./port.js";
import { queueDescriptions, queueFilter, queueStatistics } from "./queue.js";
import { bundleFeaturesReply, bundleFeaturesRequest, controllerStatuses, description } from "./switch.js";
import { tableDescriptions, tableFeatures, tableStatistics } from "./table.js";

type Name = MultipartRequestBody["type"];

/** One kind of multipart message: its number and the bodies of request and reply. */
interface Kind {
  readonly type: Name;
  readonly number: number;
  readonly since: Version;
  readonly request: Codec<unknown>;
  readonly reply: Codec<unknown>;
}

function kind<T extends Name>(
  number: number,
  type: T,
  request: Codec<Omit<Tagged<MultipartRequestBody, T>, "type">>,
  reply: Codec<Omit<Tagged<MultipartReplyBody, T>, "type">>,
  since: Version = 4,
): Kind {
  // A kind is found by the type of the body that is given to its codecs.
  return { type, number, since, request: request as Codec<unknown>, reply: reply as Codec<unknown> };
}

/** OpenFlow 1.5.1 §7.3.5. */
const kinds: readonly Kind[] = [
  kind(0, "desc", empty, description),
  kind(1, "flow_desc", flowFilter, flowDescriptions),
  kind(2, "aggregate", flowFilter, aggregate),
  kind(3, "table_stats", empty, tableStatistics),
  kind(4, "port_stats", portFilter, portStatistics),
  kind(5, "queue_stats", queueFilter, queueStatistics),
  kind(6, "group_stats", groupFilter, groupStatistics),
  kind(7, "group_desc", groupDescriptionFilter, groupDescriptions),
  kind(8, "group_features", empty, groupFeatures),
  kind(9, "meter_stats", meterFilter, meterStatistics),
  kind(10, "meter_desc", meterFilter, meterDescriptions),
  kind(11, "meter_features", empty, meterFeatures),
  kind(12, "table_features", tableFeatures, tableFeatures),
  kind(13, "port_desc", portDescriptionFilter, portDescriptions),
  kind(14, "table_desc", empty, tableDescriptions, 5),
  kind(15, "queue_desc", queueFilter, queueDescriptions, 5),
  kind(16, "flow_monitor", flowMonitors, flowUpdates, 5),
  kind(17, "flow_stats", flowFilter, flowStatistics, 6),
  kind(18, "controller_status", empty, controllerStatuses, 6),
  kind(19, "bundle_features", bundleFeaturesRequest, bundleFeaturesReply, 6),
  kind(0xffff, "experimenter", experimenter, experimenter),
];
const byNumber = new Map(kinds.map((one) => [one.number, one]));
const byType = new Map<string, Kind>(kinds.map((one) => [one.type, one]));

/** `type`, `flags`, padding, body. */
function multipart<M extends { flags: number; body: { type: string } }>(side: "request" | "reply"): Codec<M> {
  return {
    read(reader: Reader) {
      const number = reader.u16();
      const flags = reader.u16();
      const known = byNumber.get(number);
      if (!known || known.since > reader.version) {
        const where = `OpenFlow ${versionName(reader.version)}`;
        throw reader.fail("OFPBRC_BAD_MULTIPART", `a multipart message of type ${number} in ${where}`);
      }
      reader.skip(4);
      const body = known[side].read(reader) as object;
      return { flags, body: { type: known.type, ...body } } as unknown as M;
    },
    write(writer: Writer, message) {
      const known = byType.get(message.body.type);
      if (!known || known.since > writer.version) {
        throw writer.unsupported(`multipart message ${message.body.type}`);
      }
      writer.u16(known.number);
      writer.u16(message.flags);
      writer.zeros(4);
      known[side].write(writer, message.body);
    },
  };
}

export const multipartRequest = multipart<Omit<MultipartRequest, "type">>("request");
export const multipartReply = multipart<Omit<MultipartReply, "type">>("reply");
