import { EventEmitter } from "node:events";
import { BufferFiller } from "../buffer-filler.js";
import { MessageReader } from "../message-reader.js";
import type { MessageSource } from "../message-source.js";
import type { MoverStats, PeerInfo } from "../mover/index.js";
import { DEFAULT_QUANTUM, LEAST_BUFFER_SIZE } from "../packet-driver.js";
import type { Transport, TransportEvents, TransportOptions, TransportState } from "../transport.js";
import type { Doorbell } from "./doorbell.js";
import { Board, type PeerEvent, type PeerMemory, RecordKind } from "./peer-memory.js";
import { RingReader, RingWriter } from "./ring.js";

/**
 * What is filled before the mover asks for it, so that it need not wait for this thread: for so many milliseconds at the
 * mover's rate, and this many bytes at least, compressed as it was of late, since what comes later with a higher priority has
 * to wait for it. Twice as much each time that the mover had to wait long all the same: this thread is busy.
 */
const AHEAD_TIME = 2;
const LEAST_AHEAD = 8192;
/** At most so many buffers. */
const MOST_AHEAD = 4;
/** How slowly it goes back, at each buffer. */
const AHEAD_DECAY = 1 / 256;
/** Records that are handed on before the event loop gets a turn. */
const TURN = 16;

/** What the worker has to be told, by the owner of both. */
export interface WorkerTransportHost {
  start(): void;
  stop(): void;
}

/** A transport whose framing, compression and mover are in the worker: this is the edges' half of it. */
export class WorkerTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly #host: WorkerTransportHost;
  readonly #bell: Doorbell;
  readonly #board: Board;
  readonly #out: RingWriter;
  readonly #in: RingReader;
  readonly #filler = new BufferFiller(DEFAULT_QUANTUM);
  readonly #reader: MessageReader;
  readonly #bufferSize: number;
  #peer: PeerInfo | undefined;
  /** The session that what is filled is for; 0 while there is none. */
  #session = 0;
  #committed = 0;
  /** Bytes that the ring out should hold. */
  #ahead = LEAST_AHEAD;
  /** There was more to say than that … */
  #held = false;
  /** … and then the mover was hungry: it is counted in `starved` if that has lasted. */
  #late = false;
  #starved = 0;
  #fillSoon: NodeJS.Immediate | undefined;
  #failed = false;
  #stalled = false;

  constructor(options: TransportOptions, memory: PeerMemory, bell: Doorbell, host: WorkerTransportHost) {
    super();
    this.#host = host;
    this.#bell = bell;
    this.#board = new Board(memory.board);
    this.#out = new RingWriter(memory.out);
    this.#in = new RingReader(memory.in);
    this.#reader = new MessageReader(options.onMessage);
    this.#bufferSize = options.bufferSize;
    // Sources that become ready in the same turn of the event loop share a buffer.
    this.#filler.onReady = () => {
      this.#fillSoon ??= setImmediate(this.#onFillSoon);
    };
  }

  get state(): TransportState {
    if (this.#failed) return "failed";
    // What the board says is what the worker knew.
    return this.#stalled && this.#board.state === "up" ? "silent" : this.#board.state;
  }

  get rtt(): number {
    return this.#board.rtt;
  }

  get busy(): boolean {
    if (this.#failed) return false;
    return this.#filler.pending || this.#board.taken !== this.#committed || this.#board.inFlight > 0;
  }

  ready(source: MessageSource): void {
    this.#filler.ready(source);
  }

  start(): void {
    if (!this.#failed) this.#host.start();
  }

  stop(): void {
    if (!this.#failed) this.#host.stop();
  }

  stats(): MoverStats {
    return { ...this.#board.figures(), state: this.#board.state, peer: this.#peer };
  }

  /** Whether there is nothing to do for `work`. */
  get idle(): boolean {
    return this.#in.used === 0 && !(this.#mayFill && this.#out.used <= this.#ahead / 2);
  }

  /** Does what has come up since the worker rang. */
  work(): void {
    for (let i = 0; i < TURN && this.#in.next(); i += 1) this.#take();
    this.#fill();
  }

  /** The worker does not turn: as if the peer were silent. */
  stall(): void {
    if (this.state === "up") this.emit("silent");
    this.#stalled = true;
  }

  /** The worker turns again; of what it finds then it tells itself. */
  resume(): void {
    this.#stalled = false;
    if (this.#peer !== undefined && this.state === "up") this.emit("up", this.#peer, true);
  }

  /** The worker is no more. */
  fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    clearImmediate(this.#fillSoon);
    const lost = this.#session !== 0;
    this.#session = 0;
    if (lost) this.emit("down", "failed");
  }

  readonly #onFillSoon = (): void => {
    this.#fillSoon = undefined;
    this.#fill();
  };

  get #mayFill(): boolean {
    return this.#session !== 0 && this.#filler.pending;
  }

  #fill(): void {
    const { starved, hungry } = this.#board;
    if (this.#late && starved !== this.#starved) this.#ahead = Math.min(this.#ahead * 2, this.#mostAhead);
    this.#starved = starved;
    this.#late = this.#held && hungry;
    this.#held = false;
    while (this.#mayFill) {
      if (this.#out.used < this.#ahead && this.#fillOne()) continue;
      // It is looked at once more after the wish has been announced: from then on the worker rings.
      this.#held = true;
      this.#board.wantRoom(this.#ahead / 2);
      if (this.#out.used > this.#ahead / 2) return;
    }
  }

  get #mostAhead(): number {
    return MOST_AHEAD * this.#bufferSize;
  }

  /** False if there is no room. */
  #fillOne(): boolean {
    const { limit, rate, ratio } = this.#board;
    const longest = Math.min(this.#bufferSize, limit > 0 ? limit : this.#bufferSize, this.#ahead);
    const size = Math.max(LEAST_BUFFER_SIZE, Math.floor(longest));
    const at = this.#out.reserve(size);
    if (at < 0) return false;
    const messages = this.#filler.fill(this.#out.bytes, at, at + size);
    if (messages > 0) {
      this.#out.commit(this.#filler.end - at, RecordKind.MESSAGES, this.#session, messages);
      this.#committed = (this.#committed + 1) | 0;
      if (this.#board.hungry) this.#bell.ringWorker();
      const least = Math.min(Math.max((rate / 8000) * AHEAD_TIME, LEAST_AHEAD) * ratio, this.#mostAhead);
      this.#ahead = Math.max(least, this.#ahead * (1 - AHEAD_DECAY));
    }
    return true;
  }

  #take(): void {
    const { bytes, offset, length, kind, count } = this.#in;
    try {
      if (kind === RecordKind.MESSAGES) this.#reader.read(bytes, offset, count);
      else
        this.#onEvent(JSON.parse(Buffer.from(bytes.slice(offset, offset + length)).toString()) as PeerEvent);
    } finally {
      this.#in.release();
      if (this.#in.used <= this.#in.bytes.length / 2 && this.#board.takeSpaceWanted())
        this.#bell.ringWorker();
    }
  }

  #onEvent(event: PeerEvent): void {
    switch (event.type) {
      case "up":
        this.#peer = { site: event.site, bootId: BigInt(event.bootId) };
        this.#session = event.session;
        this.emit("up", this.#peer, event.resumed);
        break;
      case "silent":
        this.emit("silent");
        break;
      case "down":
        this.#session = 0;
        this.emit("down", event.reason);
        break;
      case "stranger":
        this.emit("stranger", event.stranger);
        break;
      case "moved":
        this.emit("moved", event.address);
        break;
      case "way":
        this.emit("way", event.way);
        break;
      case "malformed":
        this.emit("malformed", new Error(event.message));
        break;
      case "tooLong":
        this.emit("tooLong", event.bytes);
    }
  }
}
