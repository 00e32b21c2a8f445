import { readFileSync } from "node:fs";
import { HostError } from "./error.js";

/** What the plugin does with each capability; numbers from the kernel's uapi/linux/capability.h. */
const needed = [
  { name: "CAP_NET_ADMIN", bit: 12n, purpose: "transparent sockets, routes, nftables and the canary port" },
  { name: "CAP_NET_BIND_SERVICE", bit: 10n, purpose: "sockets at a client's own port below 1024" },
] as const;

/** What it goes without if it has to. */
const wished = [
  { name: "CAP_NET_RAW", bit: 13n, purpose: "seeing the DSCP of servers' answers, to keep it" },
] as const;

/** A capability that this process has not. */
export interface Lack {
  readonly name: string;
  readonly purpose: string;
}

function effective(): bigint {
  const [, mask = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return BigInt(`0x${mask}`);
}

function missing(list: readonly (Lack & { readonly bit: bigint })[]): readonly Lack[] {
  const mask = effective();
  return list.filter(({ bit }) => (mask & (1n << bit)) === 0n);
}

/** The capabilities that this process needs and has not. */
export function missingPrivileges(): readonly Lack[] {
  return missing(needed);
}

/** Those that it has not, and can do without. */
export function missingWishes(): readonly Lack[] {
  return missing(wished);
}

/** Throws HostError HOST_PRIVILEGE if a capability is missing. */
export function requirePrivileges(): void {
  const lacks = missingPrivileges();
  if (lacks.length === 0) return;
  const list = lacks.map(({ name, purpose }) => `${name} (for ${purpose})`).join(" and ");
  throw new HostError("HOST_PRIVILEGE", `missing ${list}; run ovs-tpo as root or give it these capabilities`);
}
