import type { Status } from "../../plugin/status.js";

/** What a plugin says of how its movers' datagrams are protected, in words. */
export function encryptionOf(status: Status | undefined): string {
  const peers = Object.values(status?.peers ?? {}) as readonly (object & { readonly encryption?: string })[];
  const said = [
    ...new Set(peers.flatMap(({ encryption }) => (encryption === undefined ? [] : [encryption]))),
  ];
  return said.length === 0 ? "its status tells of no encryption" : `encryption ${said.join(", ")}`;
}
