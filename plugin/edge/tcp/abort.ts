import type { Socket } from "node:net";
import { abortOnClose, takeFatalError, unacknowledged } from "../../../driver/ffi/index.js";
import { descriptorOf } from "./handle.js";

/**
 * From now on the application sees a reset when the connection is lost here: not only by {@link abort}, but also when
 * this process is killed. A plain end would tell it that it has all there was.
 */
export function abortIfLost(socket: Socket): void {
  setAbort(socket, true);
}

/** The application has been given all there was: what is still on its way to it may take its time. */
export function endInOrder(socket: Socket): void {
  setAbort(socket, false);
  socket.end();
}

/**
 * Ends a connection with a reset, in whatever state it is. (`Socket.resetAndDestroy` fails while a shutdown is on its
 * way, and then leaves the descriptor open.)
 */
export function abort(socket: Socket): void {
  if (socket.destroyed) return;
  // Also of one that is connecting: the kernel may know already that it has.
  setAbort(socket, true);
  socket.destroy();
}

/**
 * Whether the application has reset the connection, or is gone, without the event loop's saying so.
 *
 * It does not look at a socket that is not being read from. And where data comes right before a reset, libuv takes the
 * hang-up that epoll shows for an orderly end, without asking the kernel, who still has the error to tell.
 */
export function isReset(socket: Socket): boolean {
  const fd = descriptorOf(socket);
  return fd !== undefined && !socket.connecting && takeFatalError(fd);
}

/** Bytes that were written to the socket and have not reached the application's host yet. */
export function undelivered(socket: Socket): number {
  const fd = descriptorOf(socket);
  return fd === undefined ? 0 : socket.writableLength + unacknowledged(fd);
}

function setAbort(socket: Socket, abort: boolean): void {
  const fd = descriptorOf(socket);
  if (fd !== undefined) abortOnClose(fd, abort);
}
