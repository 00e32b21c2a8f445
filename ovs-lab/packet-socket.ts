import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { close, descriptorOf, setOption } from "../driver/ffi/index.js";

/**
 * Lets a process's packet sockets (packet(7)) hold more; the kernel doubles `bytes`. Their default,
 * net.core.rmem_default, is the whole machine's and so not the lab's to change.
 * @throws SystemError EPERM where other processes may not be looked into
 */
export function enlargePacketSockets(pid: number, bytes: number): void {
  const INODE = 8;
  const rows = readFileSync(`/proc/${pid}/net/packet`, "utf8").trim().split("\n").slice(1);
  const sockets = new Set(rows.map((row) => `socket:[${row.trim().split(/\s+/)[INODE]}]`));
  for (const entry of readdirSync(`/proc/${pid}/fd`)) {
    if (!sockets.has(linkOf(`/proc/${pid}/fd/${entry}`))) continue;
    const socket = descriptorOf(pid, Number(entry));
    try {
      setOption(socket, "receiveBufferForce", bytes);
    } finally {
      close(socket);
    }
  }
}

/** Nothing for a descriptor that has been closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
