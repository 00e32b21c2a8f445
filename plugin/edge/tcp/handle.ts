import type { Server, Socket } from "node:net";

/** What a connected or listening socket has inside, in every release of Node. */
export interface WithHandle {
  _handle?: { readonly fd?: number } | null;
}

/** The descriptor of a socket; undefined when it has none (yet, or any more). */
export function descriptorOf(socket: Socket | Server): number | undefined {
  const fd = (socket as WithHandle)._handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}
