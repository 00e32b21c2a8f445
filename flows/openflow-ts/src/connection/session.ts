import type { Duplex } from "node:stream";
import { DecodeError } from "../errors/error.js";
import { decode, decodeHeader, encode } from "../messages/message.js";
import type { Envelope, Message } from "../model/message.js";
import type { FeaturesReply } from "../model/switch.js";
import { versions as allVersions, OpenFlow13, type Version } from "../version.js";
import { encodeText } from "../wire/text.js";
import { DisconnectedError, OpenFlowError, ProtocolError, RequestTimeoutError } from "./errors.js";
import { Deframer } from "./framing.js";
import { Keepalive } from "./keepalive.js";
import { helloFor, negotiate } from "./negotiation.js";
import { Peer } from "./peer.js";
import { type Transaction, Transactions } from "./transaction.js";

export interface SessionOptions {
  /** Versions to offer (default: 1.3, 1.4 and 1.5). */
  readonly versions?: readonly Version[];
  /** Milliseconds of silence before an echo request, and again until the connection is given up (default 5000); 0: never. */
  readonly probeInterval?: number;
  /** Milliseconds that a request waits for its answer (default 10000). */
  readonly requestTimeout?: number;
  /** Milliseconds that the handshake may take (default 10000). */
  readonly handshakeTimeout?: number;
}

/** Bytes of a chunk that are long to decode: tens of milliseconds. */
const longChunk = 16 * 1024;

const now = () => performance.now();

/** One connection to a switch, from the handshake to the end. */
export class Session extends Peer {
  readonly requestTimeout: number;
  /** Fulfilled when the handshake is done; rejected when it failed. */
  readonly ready: Promise<FeaturesReply>;
  /** Fulfilled with the reason when the connection has ended. */
  readonly closed: Promise<Error>;

  readonly #stream: Duplex;
  readonly #versions: readonly Version[];
  readonly #deframer = new Deframer();
  readonly #transactions = new Transactions();
  readonly #keepalive: Keepalive | undefined;
  #version: Version | undefined;
  #up = false;
  #end: Error | undefined;
  #probe: NodeJS.Timeout | undefined;
  #greeted: (version: Version) => void = () => {};
  #ended: (reason: Error) => void = () => {};

  /** `stream` is connected; the session owns it from here on. */
  constructor(stream: Duplex, options: SessionOptions = {}) {
    super();
    const { probeInterval = 5000, requestTimeout = 10_000, handshakeTimeout = 10_000 } = options;
    this.#stream = stream;
    this.#versions = options.versions ?? allVersions;
    this.requestTimeout = requestTimeout;
    this.#keepalive = probeInterval > 0 ? new Keepalive(probeInterval, now()) : undefined;
    this.closed = new Promise((resolve) => {
      this.#ended = resolve;
    });
    stream.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    stream.on("error", (error) => this.#close(new DisconnectedError(error.message, true, error)));
    stream.on("end", () => this.#close(new DisconnectedError("the switch closed the connection", true)));
    stream.on("close", () => this.#close(new DisconnectedError("the connection was closed", true)));
    this.ready = this.#handshake(handshakeTimeout);
    // Whoever does not look at `ready` still sees `closed`.
    this.ready.catch(() => {});
  }

  get version(): Version | undefined {
    return this.#up ? this.#version : undefined;
  }

  /** Ends the connection; open requests fail with `reason`. */
  close(reason: Error = new DisconnectedError("closed from this side", true)): void {
    this.#close(reason);
  }

  send(message: Message): number {
    const xid = this.#transactions.next();
    this.#stream.write(this.#encode(message, xid));
    return xid;
  }

  begin(transaction: Transaction): number {
    const xid = this.#transactions.next();
    const bytes = this.#encode(transaction.request, xid);
    // First, as the answer may come while this is being written.
    this.#transactions.open(xid, transaction);
    this.#stream.write(bytes);
    return xid;
  }

  forget(xid: number): void {
    this.#transactions.forget(xid);
  }

  async drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain || this.#end) return;
    await Promise.race([new Promise((resolve) => this.#stream.once("drain", resolve)), this.closed]);
  }

  #encode(message: Message, xid: number): Uint8Array {
    if (this.#end) throw new DisconnectedError(`not connected: ${this.#end.message}`, false, this.#end);
    return encode({ version: this.#version ?? OpenFlow13, xid, message });
  }

  async #handshake(milliseconds: number): Promise<FeaturesReply> {
    const timer = setTimeout(
      () => this.#close(new RequestTimeoutError("the handshake", milliseconds)),
      milliseconds,
    );
    try {
      this.#stream.write(encode(helloFor(this.#versions)));
      const greeted = new Promise<Version>((resolve) => {
        this.#greeted = resolve;
      });
      this.#version = await Promise.race([greeted, this.#rejectedAtEnd()]);
      const features = await this.request({ type: "features_request" }, { timeout: milliseconds });
      this.#up = true;
      this.#keepalive?.received(now());
      this.#scheduleProbe();
      this.emit("up", features);
      return features;
    } catch (error) {
      this.#close(error as Error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #rejectedAtEnd(): Promise<never> {
    throw await this.closed;
  }

  #receive(chunk: Uint8Array): void {
    this.#keepalive?.received(now());
    if (chunk.length >= longChunk) this.#giveWay();
    try {
      for (const bytes of this.#deframer.push(chunk)) this.#message(bytes);
    } catch (error) {
      this.#close(error instanceof DecodeError ? new ProtocolError(error.message, error) : (error as Error));
    }
  }

  /** A dump comes in megabytes at once: everybody else has a turn between two chunks of it. */
  #giveWay(): void {
    this.#stream.pause();
    setImmediate(() => this.#stream.resume());
  }

  #message(bytes: Uint8Array): void {
    if (this.#end) return;
    let envelope: Envelope;
    try {
      envelope = decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const known = this.#transactions.undecodable(decodeHeader(bytes).xid, error);
      if (!known) this.emit("undecodable", error, bytes);
      return;
    }
    if (this.#version === undefined) this.#greeting(envelope);
    else if (envelope.message.type === "echo_request") {
      this.#stream.write(encode({ ...envelope, message: { ...envelope.message, type: "echo_reply" } }));
    } else if (!this.#transactions.dispatch(envelope)) this.deliver(envelope);
  }

  /** The first message: hello, or an error instead. */
  #greeting({ version, xid, message }: Envelope): void {
    if (message.type === "error") throw new OpenFlowError(message, xid);
    if (message.type !== "hello") throw new ProtocolError(`${message.type} came before hello`);
    try {
      this.#version = negotiate(this.#versions, version, message);
    } catch (error) {
      const data = encodeText((error as Error).message);
      const refusal: Message = { type: "error", errorType: 0, code: 0, data };
      this.#stream.write(encode({ version: OpenFlow13, xid, message: refusal }));
      throw error;
    }
    this.#greeted(this.#version);
  }

  #scheduleProbe(): void {
    clearTimeout(this.#probe);
    if (!this.#keepalive || this.#end) return;
    const wait = Math.max(0, this.#keepalive.deadline - now());
    this.#probe = setTimeout(() => {
      // Timers come before sockets in the event loop, immediates after: what had arrived by now is read first.
      setImmediate(() => this.#runProbe());
    }, wait);
  }

  #runProbe(): void {
    if (!this.#keepalive || this.#end) return;
    this.#keepalive.attempted(now());
    const action = this.#keepalive.run(now());
    if (action === "expire") {
      this.#close(new DisconnectedError("the switch does not answer echo requests", true));
      return;
    }
    if (action === "probe") {
      this.#stream.write(this.#encode({ type: "echo_request", data: new Uint8Array(0) }, 0));
    }
    this.#scheduleProbe();
  }

  #close(reason: Error): void {
    if (this.#end) return;
    this.#end = reason;
    const wasUp = this.#up;
    this.#up = false;
    clearTimeout(this.#probe);
    this.#stream.destroy();
    const failure =
      reason instanceof DisconnectedError ? reason : new DisconnectedError(reason.message, true, reason);
    this.#transactions.failAll(failure);
    this.#ended(reason);
    if (wasUp) this.emit("down", reason);
  }
}
