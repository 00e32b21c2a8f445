import type { Trace } from "./ovs.js";

/** A TCP packet, the SYN of a connection from 10.1.0.11 to 10.2.0.11:80 but for the changes, as `ofproto/trace` takes it. */
export function tracePacket(changes: Readonly<Record<string, string | number>> = {}): string {
  const fields = {
    in_port: 1,
    dl_type: "0x0800",
    nw_proto: 6,
    nw_src: "10.1.0.11",
    nw_dst: "10.2.0.11",
    nw_ttl: 64,
    tp_src: 40000,
    tp_dst: 80,
    tcp_flags: "syn",
    ...changes,
  };
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join();
}

/** Whether the packet went to one port alone with another Ethernet destination: the plugin's. */
export function isTaken({ actions }: Pick<Trace, "actions">): boolean {
  return /^set\(eth\(dst=[^)]*\)\),(pop_vlan,)?\d+$/.test(actions);
}
