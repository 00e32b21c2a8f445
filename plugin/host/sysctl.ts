/** Per-device settings of the kernel for the local port, through /proc/sys (of our own network namespace). */

import { readFileSync, writeFileSync } from "node:fs";
import { HostError } from "./error.js";

interface Setting {
  readonly family: "ipv4" | "ipv6";
  readonly name: string;
  readonly value: string;
}

/**
 * What the local port needs, whatever the host's settings for other devices are. `conf/all` is never written: where
 * the kernel takes the stricter of it and ours (rp_filter), `src_valid_mark` lets our packets pass the strict check,
 * because by our marks the way back is the local port.
 */
const settings: readonly Setting[] = [
  // Clients of other networks come in here by the switch's decision, not by the host's routes.
  { family: "ipv4", name: "rp_filter", value: "0" },
  { family: "ipv4", name: "src_valid_mark", value: "1" },
  // Only the port's own addresses are answered for and asked from; the host's others are somewhere else on this LAN.
  { family: "ipv4", name: "arp_ignore", value: "1" },
  { family: "ipv4", name: "arp_announce", value: "2" },
  // A router that sees us next to the client would tell us to go round it.
  { family: "ipv4", name: "accept_redirects", value: "0" },
  { family: "ipv4", name: "send_redirects", value: "0" },
  { family: "ipv6", name: "disable_ipv6", value: "0" },
  // Router advertisements would add to the host's own routes.
  { family: "ipv6", name: "accept_ra", value: "0" },
  { family: "ipv6", name: "accept_redirects", value: "0" },
];

function pathOf({ family, name }: Setting, device: string): string {
  return `/proc/sys/net/${family}/conf/${device}/${name}`;
}

function read(setting: Setting, device: string): string | undefined {
  try {
    return readFileSync(pathOf(setting, device), "utf8").trim();
  } catch {
    return undefined; // No such device (any more), or a kernel without the setting.
  }
}

function write(setting: Setting, device: string, value: string): void {
  const path = pathOf(setting, device);
  try {
    writeFileSync(path, value);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const denied = code === "EACCES" || code === "EPERM" || code === "EROFS";
    const advice = denied ? "; run ovs-tpo where /proc/sys/net can be written (as root, not read-only)" : "";
    throw new HostError("HOST_SYSCTL_FAILED", `cannot write ${value} to ${path}: ${message}${advice}`, error);
  }
}

function wanted(ipv6: boolean): readonly Setting[] {
  return settings.filter(({ family }) => ipv6 || family === "ipv4");
}

/** Makes the device's settings what we need. */
export function applySysctls(device: string, ipv6: boolean): void {
  for (const setting of wanted(ipv6)) {
    const found = read(setting, device);
    if (found !== undefined && found !== setting.value) write(setting, device, setting.value);
  }
}

/**
 * Gives the device the settings of a new one (`conf/default`) where they are ours still. Nothing needs to be
 * remembered for that, so it also clears up after a process that was killed.
 */
export function resetSysctls(device: string, ipv6: boolean): void {
  for (const setting of wanted(ipv6)) {
    const initial = read(setting, "default");
    const found = read(setting, device);
    if (initial === undefined || found !== setting.value || found === initial) continue;
    write(setting, device, initial);
  }
}
