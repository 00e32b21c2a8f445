import type { Match } from "../model/match.js";
import { formatMatchField } from "./field.js";

/** A match as `ovs-ofctl` reads it: `eth_type=0x800,ip_dst=10.2.0.0/16,nw_proto=6,tcp_dst=80`. */
export function formatMatch(match: Match): string {
  return match.map(formatMatchField).join(",");
}
