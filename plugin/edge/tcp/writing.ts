import type { Socket } from "node:net";
import { Region, write } from "../../../driver/ffi/index.js";
import { descriptorOf } from "./handle.js";

const scratch = new Region(65_536);

/**
 * Writes what the kernel takes at once, without a copy for each write and a turn of the event loop to hear of it. Returns
 * how many bytes that was: for the others, and for whatever has gone wrong, there is `Socket.write`.
 */
export function writeAtOnce(socket: Socket, bytes: Uint8Array): number {
  if (socket.connecting || !socket.writable || socket.writableLength > 0) return 0;
  const fd = descriptorOf(socket);
  if (fd === undefined || bytes.length > scratch.length) return 0;
  scratch.bytes.set(bytes);
  return Math.max(0, write(fd, scratch, 0, bytes.length));
}
