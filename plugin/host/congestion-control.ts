import { readFileSync } from "node:fs";
import * as ffi from "../../driver/ffi/index.js";
import { HostError } from "./error.js";

/** Throws HostError HOST_CONGESTION_CONTROL if the kernel does not let this process have the one that a class names. */
export function requireCongestionControl(name: string, className: string): void {
  const fd = ffi.socket("ipv4", "stream");
  try {
    ffi.setCongestionControl(fd, name);
  } catch (error) {
    if (!(error instanceof ffi.SystemError)) throw error;
    const why =
      error.code === "ENOENT"
        ? `the kernel has none of that name (there are: ${available()}); load its module (\`modprobe tcp_${name}\`), or name another`
        : `${error.message}; name another, or run with CAP_NET_ADMIN`;
    throw new HostError(
      "HOST_CONGESTION_CONTROL",
      `classes.${className}.congestion_control: cannot use "${name}": ${why}`,
      error,
    );
  } finally {
    ffi.close(fd);
  }
}

function available(): string {
  return readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8")
    .trim()
    .replaceAll(" ", ", ");
}
