import { readFileSync } from "node:fs";
import { HostError } from "./error.js";

/** What the plugin does with each capability; numbers from the kernel's uapi/linux/capability.h. */
const needed = [
  { name: "CAP_NET_ADMIN", bit: 12n, purpose: "transparent sockets, routes, nftables and the canary port" },
  { name: "CAP_NET_BIND_SERVICE", bit: 10n, purpose: "sockets at a client's own port below 1024" },
] as const;

function effective(): bigint {
  const [, mask = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return BigInt(`0x${mask}`);
}

/** The capabilities that this process needs and has not. */
export function missingPrivileges(): readonly { readonly name: string; readonly purpose: string }[] {
  const mask = effective();
  return needed.filter(({ bit }) => (mask & (1n << bit)) === 0n);
}

/** Throws HostError HOST_PRIVILEGE if a capability is missing. */
export function requirePrivileges(): void {
  const missing = missingPrivileges();
  if (missing.length === 0) return;
  const list = missing.map(({ name, purpose }) => `${name} (for ${purpose})`).join(" and ");
  throw new HostError("HOST_PRIVILEGE", `missing ${list}; run ovs-tpo as root or give it these capabilities`);
}
