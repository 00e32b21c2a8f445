import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { ParseError } from "../errors/error.js";
import { type Address, parseAddress } from "./address.js";

/** Key, certificate and authorities for `ssl:` (see `tls.connect`). */
export type TlsOptions = ConnectionOptions;

/**
 * Connects to an active address. Rejects with the system's error, or with the signal's reason if that aborts first.
 */
export function dial(text: string, tls: TlsOptions = {}, signal?: AbortSignal): Promise<Socket> {
  const address = parseAddress(text);
  if (address.passive) throw new ParseError(`"${text}" is an address to listen at, not to connect to`);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const { socket, connected } = open(address, tls);
    const abort = () => {
      socket.destroy();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("error", reject);
    socket.once(connected, () => {
      signal?.removeEventListener("abort", abort);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function open(address: Address, tls: TlsOptions): { socket: Socket; connected: string } {
  if (address.transport === "unix") {
    return { socket: connectTcp({ path: address.path }), connected: "connect" };
  }
  const { host = "localhost", port } = address;
  return address.transport === "tcp"
    ? { socket: connectTcp({ host, port, noDelay: true }), connected: "connect" }
    : { socket: connectTls({ ...tls, host, port }), connected: "secureConnect" };
}
