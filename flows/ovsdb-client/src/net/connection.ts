import type { Socket } from "node:net";
import { JsonError } from "../json/parse.js";
import { JsonReader } from "../json/reader.js";
import { ModelError } from "../model/error.js";
import { Reconnect, type ReconnectTiming } from "../reconnect.js";
import { NotConnectedError, ProtocolError } from "../rpc/errors.js";
import { type Notification, RpcPeer } from "../rpc/peer.js";
import { dial, formatRemote, type Remote, readKeys, type TlsKeys, type TlsOptions } from "./remote.js";

export interface ConnectionOptions {
  /** In the order in which they are tried, for ever round. */
  remotes: readonly Remote[];
  tls?: TlsOptions | undefined;
  timing: Partial<ReconnectTiming>;
  /** Greatest length of a message from the server, and of what may wait to be sent to it, in bytes. */
  limit: number;
}

export interface ConnectionHandlers {
  connecting(remote: string): void;
  /** A conversation begins. */
  open(peer: RpcPeer, remote: string): void;
  notification(notification: Notification): void;
  /**
   * It ended, or could not be begun; the next try is already planned. All its requests have been rejected.
   */
  closed(reason: Error): void;
}

/** Keeps a conversation with one of several servers, over and over. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #keys: TlsKeys | undefined;
  readonly #handlers: ConnectionHandlers;
  readonly #reconnect: Reconnect;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #socket: Socket | undefined;
  #peer: RpcPeer | undefined;

  /** Throws `RemoteError` where the keys for a remote are missing, or of no use. */
  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#keys = readKeys(options.remotes, options.tls);
    this.#options = options;
    this.#handlers = handlers;
    this.#reconnect = new Reconnect({ freeTries: options.remotes.length - 1, ...options.timing });
  }

  /** The present conversation. */
  get peer(): RpcPeer | undefined {
    return this.#peer;
  }

  start(): void {
    this.#reconnect.enable(performance.now());
    this.#plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#reconnect.disable(performance.now());
    this.#end(new NotConnectedError("the client was stopped"));
  }

  /** Ends the present conversation, or the attempt at one, to begin another, with the next server. */
  drop(reason: Error): void {
    if (!this.#socket) return;
    this.#reconnect.disconnected(performance.now());
    this.#end(reason);
    this.#plan();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    const deadline = this.#reconnect.deadline;
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, deadline - performance.now()));
  }

  #run(): void {
    switch (this.#reconnect.run(performance.now())) {
      case "connect":
        this.#connect();
        break;
      case "disconnect":
        this.drop(
          new NotConnectedError(this.#peer ? "the server is silent" : "the server cannot be reached"),
        );
        return;
      case "probe":
        this.#probe();
        break;
      case "look":
        // Timers run before sockets are read; an immediate runs after.
        setImmediate(() => {
          this.#reconnect.looked(performance.now());
          this.#run();
        });
        return;
    }
    this.#plan();
  }

  #probe(): void {
    // The deadline is the state machine's: any byte counts as an answer.
    const { probeInterval = 60_000 } = this.#options.timing;
    const options = { timeout: probeInterval * 2, decode: () => undefined };
    this.#peer?.request("echo", [], options).catch(() => undefined);
  }

  #connect(): void {
    const remote = this.#options.remotes[this.#next++ % this.#options.remotes.length];
    if (!remote) return;
    const name = formatRemote(remote);
    this.#handlers.connecting(name);
    const reader = new JsonReader(this.#options.limit);
    const fail = (why: string) => {
      if (this.#socket === socket) this.drop(new NotConnectedError(`${name}: ${why}`));
    };
    const send = (text: string) => {
      socket.write(text);
      if (socket.writableLength > this.#options.limit) fail("the server does not read what it is sent");
    };
    const socket = dial(remote, this.#keys, () => {
      if (this.#socket !== socket) return;
      this.#reconnect.connected(performance.now());
      this.#plan();
      this.#peer = new RpcPeer(send, (notification) => this.#handlers.notification(notification));
      this.#handlers.open(this.#peer, name);
    });
    this.#socket = socket;
    socket.on("data", (bytes) => {
      this.#reconnect.activity(performance.now());
      try {
        for (const message of reader.push(bytes)) this.#peer?.receive(message);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
        // What a listener of ours throws is not for us to swallow.
        if (!isServersFault(error)) throw error;
      }
    });
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => fail("the server closed the connection"));
  }

  #end(reason: Error): void {
    const socket = this.#socket;
    const peer = this.#peer;
    this.#socket = undefined;
    this.#peer = undefined;
    socket?.destroy();
    peer?.close(reason);
    if (socket) this.#handlers.closed(reason);
  }
}

function isServersFault(error: unknown): boolean {
  return error instanceof JsonError || error instanceof ProtocolError || error instanceof ModelError;
}
