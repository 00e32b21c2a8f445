import type { Envelope } from "../model/message.js";
import type { Hello } from "../model/switch.js";
import { type Version, versionName } from "../version.js";
import { VersionError } from "./errors.js";

/** The hello that offers these versions. */
export function helloFor(versions: readonly Version[]): Envelope<Hello> {
  const ascending = [...versions].sort((a, b) => a - b);
  return {
    version: Math.max(...versions),
    xid: 0,
    message: { type: "hello", elements: [{ type: "version_bitmap", versions: ascending }] },
  };
}

/**
 * The version to speak with a peer (OpenFlow 1.5.1 §6.3.1): the highest that both bitmaps have; where the peer sends
 * none, the lower one of both headers. Throws a `VersionError` if that is none of ours.
 */
export function negotiate(ours: readonly Version[], peersVersion: number, hello: Hello): Version {
  const bitmap = hello.elements.find((element) => element.type === "version_bitmap");
  const theirs = bitmap ? bitmap.versions : [Math.min(peersVersion, Math.max(...ours))];
  const common = ours.filter((version) => theirs.includes(version));
  if (common.length === 0) {
    const list = (versions: readonly number[]) => versions.map(versionName).join(", ");
    throw new VersionError(`we speak OpenFlow ${list(ours)}, the peer ${list(theirs)}`);
  }
  return Math.max(...common) as Version;
}
