import { EventEmitter, once } from "node:events";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions as ServerTlsOptions } from "node:tls";
import { ParseError } from "../errors/error.js";
import { type Address, parseAddress } from "./address.js";
import { Session, type SessionOptions } from "./session.js";

export interface ListenerOptions extends SessionOptions {
  /** `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]` or `punix:PATH`. */
  readonly address: string;
  /** Key, certificate and authorities for `pssl:` (see `tls.createServer`). */
  readonly tls?: ServerTlsOptions;
}

export interface ListenerEvents {
  /** A switch has connected and the handshake is done. */
  session: [Session];
  /** A connection that came to nothing. */
  refused: [Error];
}

/** Takes connections from switches, as a controller does. */
export class Listener extends EventEmitter<ListenerEvents> {
  readonly #server: Server;
  readonly #options: SessionOptions;
  readonly #sessions = new Set<Session>();

  private constructor(server: Server, event: string, options: SessionOptions) {
    super();
    this.#server = server;
    this.#options = options;
    server.on(event, (socket: Socket) => void this.#accept(socket));
    server.on("tlsClientError", (error: Error) => this.emit("refused", error));
  }

  /** Begins to listen. Rejects with the system's error, or a `ParseError` for an address that is none to listen at. */
  static async listen(options: ListenerOptions): Promise<Listener> {
    const address = parseAddress(options.address);
    if (!address.passive) {
      throw new ParseError(`"${options.address}" is an address to connect to, not to listen at`);
    }
    const secure = address.transport === "ssl";
    const server = secure ? createTlsServer(options.tls ?? {}) : createTcpServer({ noDelay: true });
    const listener = new Listener(server, secure ? "secureConnection" : "connection", options);
    server.listen(place(address));
    await once(server, "listening");
    return listener;
  }

  /** The port listened at; undefined for `punix:`. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** The sessions, from the handshake on to their end. */
  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** Stops listening and ends the sessions. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const session of this.#sessions) session.close();
    await closed;
  }

  async #accept(socket: Socket): Promise<void> {
    const session = new Session(socket, this.#options);
    this.#sessions.add(session);
    try {
      await session.ready;
      this.emit("session", session);
      await session.closed;
    } catch (error) {
      this.emit("refused", error as Error);
    } finally {
      this.#sessions.delete(session);
    }
  }
}

function place(address: Address): { path: string } | { port: number; host?: string } {
  if (address.transport === "unix") return { path: address.path };
  return { port: address.port, ...(address.host !== undefined && { host: address.host }) };
}
