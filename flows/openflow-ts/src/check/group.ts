import { InvalidError } from "../errors/error.js";
import { parseSelectionMethod } from "../messages/selection.js";
import { Bucket, Group } from "../model/constants.js";
import type { GroupBucket, GroupDescription, GroupMod, GroupProperties } from "../model/group.js";
import { OpenFlow15, type Version } from "../version.js";
import { checkActions } from "./action.js";
import { checkKnown } from "./known.js";
import { isOutside } from "./port.js";

/** A bucket of a fast-failover group is live by something, and what a bucket watches can be. */
function checkBucket(bucket: GroupBucket, groupType: GroupMod["groupType"], version: Version): void {
  const { id, watchPort, watchGroup, experimenter } = bucket;
  if (id !== undefined && id > Bucket.MAX) throw new InvalidError("OFPGMFC_BAD_BUCKET", `bucket ${id}`);
  if (watchPort !== undefined && isOutside(watchPort)) {
    throw new InvalidError("OFPGMFC_BAD_WATCH", `a bucket that watches port ${watchPort}`);
  }
  checkActions(bucket.actions, { version });
  if (experimenter) throw new InvalidError("OFPBPC_BAD_EXP_TYPE", "an experimenter's property of a bucket");
  if (bucket.weight && groupType !== "select") {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", `a bucket with a weight in a group of type ${groupType}`);
  }
  const watches = watchPort !== undefined || watchGroup !== undefined;
  if (groupType === "fast_failover" && !watches) {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", "a bucket of a fast-failover group that watches nothing");
  }
  if (watches && (groupType === "all" || groupType === "indirect")) {
    throw new InvalidError(
      "OFPGMFC_WATCH_UNSUPPORTED",
      `a bucket that watches in a group of type ${groupType}`,
    );
  }
}

function checkDistinct(buckets: readonly GroupBucket[]): void {
  const ids = buckets.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (new Set(ids).size < ids.length) throw new InvalidError("OFPGMFC_BAD_BUCKET", "two buckets of one id");
}

function checkProperties({ experimenter = [], unknown = [] }: GroupProperties): void {
  for (const { propertyType } of unknown) {
    throw new InvalidError("OFPBPC_BAD_TYPE", `property ${propertyType} of a group`);
  }
  for (const property of experimenter) {
    if (!parseSelectionMethod(property)) {
      throw new InvalidError("OFPBPC_BAD_EXP_TYPE", "an experimenter's property of a group");
    }
  }
}

/** Where the new buckets go, or which ones go; the other commands are for all. */
function checkCommandBucket({ command, commandBucket }: GroupMod): void {
  const ends: readonly number[] = [Bucket.FIRST, Bucket.LAST];
  const one = commandBucket <= Bucket.MAX || ends.includes(commandBucket);
  const all = commandBucket === Bucket.ALL;
  const fits = command === "insert_bucket" ? one : command === "remove_bucket" ? one || all : all;
  if (!fits) throw new InvalidError("OFPGMFC_BAD_BUCKET", `${command} of bucket ${commandBucket}`);
}

/** Throws an `InvalidError` if OVS would refuse the message. */
export function checkGroupMod(group: GroupMod, version: Version): void {
  checkKnown("OFPGMFC_BAD_COMMAND", "group-mod command", group.command);
  for (const bucket of group.buckets) checkBucket(bucket, group.groupType, version);
  checkDistinct(group.buckets);
  checkProperties(group.properties);
  if (version >= OpenFlow15) checkCommandBucket(group);
  checkKnown("OFPGMFC_BAD_TYPE", "group type", group.groupType);
  if (group.group > Group.MAX && !(group.command === "delete" && group.group === Group.ALL)) {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", `group ${group.group}`);
  }
  const some = group.command !== "delete" && group.command !== "remove_bucket";
  if (some && group.groupType === "indirect" && group.buckets.length !== 1) {
    throw new InvalidError("OFPGMFC_INVALID_GROUP", `an indirect group of ${group.buckets.length} buckets`);
  }
}

/** The same for what a switch says of a group. */
export function checkGroupDescription(group: GroupDescription, version: Version): void {
  for (const bucket of group.buckets) checkBucket(bucket, group.groupType, version);
  checkProperties(group.properties);
}
