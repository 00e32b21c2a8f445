import type { Status } from "../../plugin/status.js";

/** What a plugin says of how its movers' datagrams are protected, in words. */
export function encryptionOf(status: Status | undefined): string {
  const said = new Set(Object.values(status?.peers ?? {}).map(({ encryption }) => encryption));
  return said.size === 0 ? "its status tells of no peers" : `encryption ${[...said].join(", ")}`;
}
