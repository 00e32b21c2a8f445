import { connect as connectSocket, isIPv6, type Socket } from "node:net";
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from "node:tls";

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
   * The name that the server's certificate must carry. OVS's own PKI issues certificates without host names,
   * so by default the certificate must only come from `ca`.
   */
  serverName?: string;
}

/** The port that IANA gave to OVSDB. */
const OVSDB_PORT = 6640;

const EXPECTED = "expected unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]";

/** A remote that cannot be understood. */
export class RemoteError extends Error {
  readonly code = "REMOTE";

  constructor(remote: string, why: string) {
    super(`remote "${remote}": ${why}`);
    this.name = "RemoteError";
  }
}

/**
 * Parses `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, several separated by commas; IPv6 addresses in
 * brackets.
 */
export function parseRemotes(remotes: string | readonly string[]): Remote[] {
  const texts = typeof remotes === "string" ? remotes.split(",") : remotes;
  return texts.map((text) => parseRemote(text.trim()));
}

function parseRemote(text: string): Remote {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === "unix") {
    if (rest === "") throw new RemoteError(text, `no path; ${EXPECTED}`);
    return { kind, path: rest };
  }
  if (kind !== "tcp" && kind !== "ssl") throw new RemoteError(text, `unknown kind; ${EXPECTED}`);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]+))?$/.exec(rest);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined) throw new RemoteError(text, `no host; ${EXPECTED}`);
  if (match[1] !== undefined && !isIPv6(match[1])) {
    throw new RemoteError(text, "no IPv6 address in the brackets");
  }
  const port = match[3] === undefined ? OVSDB_PORT : Number(match[3]);
  if (port < 1 || port > 65535) throw new RemoteError(text, `port ${port} is out of range`);
  return { kind, host, port };
}

/** As `parseRemotes` takes it. */
export function formatRemote(remote: Remote): string {
  if (remote.kind === "unix") return `unix:${remote.path}`;
  return `${remote.kind}:${isIPv6(remote.host) ? `[${remote.host}]` : remote.host}:${remote.port}`;
}

/** Keys that have been read, for all connections. */
export interface TlsKeys {
  readonly context: SecureContext;
  readonly serverName: string | undefined;
}

/**
 * Reads the keys where a remote needs them. Throws `RemoteError` where there are none, or where they cannot
 * be used.
 */
export function readKeys(remotes: readonly Remote[], tls: TlsOptions | undefined): TlsKeys | undefined {
  const secured = remotes.find((remote) => remote.kind === "ssl");
  if (!secured) return undefined;
  if (!tls) throw new RemoteError(formatRemote(secured), "there are no keys for it (option `tls`)");
  try {
    return { context: createSecureContext(tls), serverName: tls.serverName };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RemoteError(formatRemote(secured), `its keys cannot be used (${why})`);
  }
}

/** Begins to connect. `onOpen` is called once bytes can be exchanged, for TLS after the handshake. */
export function dial(remote: Remote, keys: TlsKeys | undefined, onOpen: () => void): Socket {
  if (remote.kind === "unix") return connectSocket({ path: remote.path }, onOpen);
  const { host, port } = remote;
  if (remote.kind === "tcp") return connectSocket({ host, port, noDelay: true }, onOpen);
  const options: ConnectionOptions = { host, port, minVersion: "TLSv1.2", secureContext: keys?.context };
  if (keys?.serverName === undefined) options.checkServerIdentity = () => undefined;
  else options.servername = keys.serverName;
  return connectTls(options, onOpen);
}
