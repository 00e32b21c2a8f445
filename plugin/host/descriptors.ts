import { readFileSync } from "node:fs";
import { HostError } from "./error.js";

/** What the process has open beside connections, and a quarter of a second's new ones. */
const RESERVE = 1024;
const LEAST = 4096;

/**
 * Connections that this process can have open: each takes one descriptor. (Node raises the soft limit to the hard one.)
 * Throws HostError HOST_DESCRIPTORS if that is too few to be of use.
 */
export function requireDescriptors(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, limit = "unlimited"] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  if (limit === "unlimited") return Number.POSITIVE_INFINITY;
  if (Number(limit) >= LEAST) return Number(limit) - RESERVE;
  throw new HostError(
    "HOST_DESCRIPTORS",
    `this process may open ${limit} descriptors, and each connection takes one: set LimitNOFILE=65536 in its unit, ` +
      `or raise the hard limit (ulimit -Hn) where it is started; ${LEAST} are the least`,
  );
}
