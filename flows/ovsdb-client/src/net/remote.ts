import { connect as connectSocket, isIPv6, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

/** Where a server listens. */
export type Remote =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp" | "ssl"; readonly host: string; readonly port: number };

/** PEM texts for `ssl:` remotes, as `tls.connect` takes them. Servers are checked against `ca`. */
export interface TlsOptions {
  ca: string | Buffer;
  /** Our own certificate and key, which most OVSDB servers ask for. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /**
   * The name that the server's certificate must carry. OVS's own PKI issues certificates without host names, so by
   * default the certificate must only come from `ca`.
   */
  serverName?: string;
}

/** The port that IANA gave to OVSDB. */
const OVSDB_PORT = 6640;

/** A remote that cannot be understood. */
export class RemoteError extends Error {
  readonly code = "REMOTE";

  constructor(remote: string, why: string) {
    super(`remote "${remote}": ${why}; expected unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]`);
    this.name = "RemoteError";
  }
}

/** Parses `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, several separated by commas; IPv6 addresses in brackets. */
export function parseRemotes(remotes: string | readonly string[]): Remote[] {
  const texts = typeof remotes === "string" ? remotes.split(",") : remotes;
  return texts.map((text) => parseRemote(text.trim()));
}

function parseRemote(text: string): Remote {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === "unix") {
    if (rest === "") throw new RemoteError(text, "no path");
    return { kind, path: rest };
  }
  if (kind !== "tcp" && kind !== "ssl") throw new RemoteError(text, "unknown kind");
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]+))?$/.exec(rest);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined) throw new RemoteError(text, "no host");
  if (match[1] !== undefined && !isIPv6(match[1]))
    throw new RemoteError(text, "no IPv6 address in the brackets");
  const port = match[3] === undefined ? OVSDB_PORT : Number(match[3]);
  if (port < 1 || port > 65535) throw new RemoteError(text, `port ${port} is out of range`);
  return { kind, host, port };
}

/** As `parseRemotes` takes it. */
export function formatRemote(remote: Remote): string {
  if (remote.kind === "unix") return `unix:${remote.path}`;
  return `${remote.kind}:${isIPv6(remote.host) ? `[${remote.host}]` : remote.host}:${remote.port}`;
}

/** Begins to connect. `onOpen` is called once bytes can be exchanged, for TLS after the handshake. */
export function dial(remote: Remote, tls: TlsOptions | undefined, onOpen: () => void): Socket {
  if (remote.kind === "unix") return connectSocket({ path: remote.path }, onOpen);
  const { host, port } = remote;
  if (remote.kind === "tcp") return connectSocket({ host, port, noDelay: true }, onOpen);
  const options: ConnectionOptions = { host, port, ...tls, minVersion: "TLSv1.2" };
  if (tls?.serverName === undefined) options.checkServerIdentity = () => undefined;
  else options.servername = tls.serverName;
  return connectTls(options, onOpen);
}
