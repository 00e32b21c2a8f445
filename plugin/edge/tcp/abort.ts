import type { Socket } from "node:net";
import { abortOnClose } from "../../../driver/ffi/index.js";

/** What a connected socket has inside, in every release of Node. */
interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

/**
 * Ends a connection with a reset, in whatever state it is. (`Socket.resetAndDestroy` fails while a shutdown is on its
 * way, and then leaves the descriptor open.)
 */
export function abort(socket: Socket): void {
  if (socket.destroyed) return;
  const fd = (socket as WithHandle)._handle?.fd;
  if (!socket.connecting && fd !== undefined && fd >= 0) abortOnClose(fd);
  socket.destroy();
}
