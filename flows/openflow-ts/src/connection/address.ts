import { ParseError } from "../errors/error.js";

/** Where a switch listens, or where to listen for switches, as OVS writes it (ovs-vsctl(8), "Connection Methods"). */
export type Address =
  | { readonly transport: "unix"; readonly passive: boolean; readonly path: string }
  | {
      readonly transport: "tcp" | "ssl";
      readonly passive: boolean;
      /** Passive and undefined: all addresses. */
      readonly host: string | undefined;
      readonly port: number;
    };

const defaultPort = 6653;

/**
 * `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, and to listen `punix:PATH`, `ptcp:[PORT][:HOST]`,
 * `pssl:[PORT][:HOST]`. IPv6 addresses stand in brackets. Throws a `ParseError`.
 */
export function parseAddress(text: string): Address {
  const [, passive = "", transport, rest = ""] = /^(p?)(unix|tcp|ssl):(.*)$/s.exec(text) ?? [];
  if (transport === "unix") {
    if (rest === "") throw new ParseError(`"${text}" names no path`);
    return { transport, passive: passive !== "", path: rest };
  }
  if (transport !== "tcp" && transport !== "ssl") {
    throw new ParseError(`"${text}" is no address: unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT] is wanted`);
  }
  if (passive) {
    const [, port = "", host = ""] = /^(\d*)(?::(.+))?$/.exec(rest) ?? bad(text);
    return { transport, passive: true, host: unbracketed(host) || undefined, port: portOf(port, text) };
  }
  const [, host = "", port = ""] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d+))?$/.exec(rest) ?? bad(text);
  return { transport, passive: false, host: unbracketed(host), port: portOf(port, text) };
}

function bad(text: string): never {
  throw new ParseError(`"${text}" is no address; an IPv6 address stands in brackets`);
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, "$1");

function portOf(digits: string, text: string): number {
  const port = digits === "" ? defaultPort : Number(digits);
  if (port > 0xffff) throw new ParseError(`"${text}" has no port from 0 to 65535`);
  return port;
}
