import type { Socket } from "node:net";
import type { Delivery } from "./delivery.js";

const LOOK_INTERVAL = 10;
/** So long nothing may move: longer than the first retransmission takes on a LAN. Milliseconds. */
const STANDSTILL = 500;

/**
 * Calls `delivered` once all that a socket was given by `delivery` has reached the application's host, as what is sent
 * before a reset does on its way; or when it moves no more, because the application does not read, or is gone. A socket
 * that is still connecting is waited for.
 */
export function whenDelivered(
  socket: Socket,
  delivery: Pick<Delivery, "undelivered">,
  delivered: () => void,
): void {
  let left = Number.POSITIVE_INFINITY;
  let moved = performance.now();
  const look = () => {
    const now = performance.now();
    const rest = socket.destroyed ? 0 : delivery.undelivered;
    if (rest < left || socket.connecting) moved = now;
    left = rest;
    if (!socket.connecting && (rest === 0 || now - moved > STANDSTILL)) delivered();
    else setTimeout(look, LOOK_INTERVAL);
  };
  look();
}
