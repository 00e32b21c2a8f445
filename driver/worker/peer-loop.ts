import { MAXIMUM_BUFFER_LENGTH } from "../buffer.js";
import { BufferFramer } from "../buffer-framer.js";
import { BufferOpener } from "../buffer-opener.js";
import { BufferPool } from "../buffer-pool.js";
import { Lz4Compressor } from "../lz4.js";
import { type BufferSource, type Link, Mover, type MoverOptions } from "../mover/index.js";
import type { Doorbell } from "./doorbell.js";
import { Board, type PeerEvent, type PeerMemory, RecordKind } from "./peer-memory.js";
import { RingReader, RingWriter } from "./ring.js";

/** Figures are published this often at most, in milliseconds. */
const PUBLISH_INTERVAL = 5;
/** Milliseconds without a buffer that the pacer's credit (`CREDIT_TIME`) makes up for, with as much for the next wait. */
const HARMLESS_HUNGER = 4;

/** What the main thread tells of a peer. */
export type PeerSettings = Omit<MoverOptions, "link" | "source" | "deliver" | "backlog">;

/** A record that the ring had no space for. */
interface Waiting {
  readonly kind: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * The data side towards one peer, in the worker: takes filled buffers from the one ring, frames them and gives them to
 * the mover; opens what the mover delivers and puts the messages into the other ring.
 */
export class PeerLoop implements BufferSource {
  readonly mover: Mover;
  readonly #bell: Doorbell;
  readonly #link: Link;
  readonly #board: Board;
  readonly #out: RingReader;
  readonly #in: RingWriter;
  readonly #pool = new BufferPool();
  readonly #framer: BufferFramer;
  readonly #opener: BufferOpener;
  /** What the ring has no space for, in order. */
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #session = 0;
  #taken = 0;
  #starving = false;
  #starvingSince = 0;
  #publishAt = 0;

  constructor(settings: PeerSettings, link: Link, memory: PeerMemory, bell: Doorbell) {
    const compressor = new Lz4Compressor();
    this.#bell = bell;
    this.#link = link;
    this.#board = new Board(memory.board);
    this.#out = new RingReader(memory.out);
    this.#in = new RingWriter(memory.in);
    this.#framer = new BufferFramer(this.#pool, compressor, () => link.now());
    this.#opener = new BufferOpener(MAXIMUM_BUFFER_LENGTH, compressor);
    this.mover = new Mover({
      ...settings,
      link,
      source: this,
      deliver: (buffer) => this.#deliver(buffer),
      backlog: () => this.#waitingBytes,
    });
    this.mover.on("up", ({ site, bootId }, resumed) => {
      if (!resumed) this.#session += 1;
      this.tell({ type: "up", site, bootId: String(bootId), resumed, session: this.#session });
    });
    this.mover.on("silent", () => this.tell({ type: "silent" }));
    this.mover.on("tooLong", (bytes) => this.tell({ type: "tooLong", bytes }));
    this.mover.on("stranger", (stranger) => this.tell({ type: "stranger", stranger }));
    this.mover.on("moved", (address) => this.tell({ type: "moved", address }));
    this.mover.on("way", (way) => this.tell({ type: "way", way }));
    this.mover.on("down", (reason) => this.tell({ type: "down", reason }));
  }

  /** The next buffer that belongs to this session. */
  nextBuffer(limit = MAXIMUM_BUFFER_LENGTH): Uint8Array | undefined {
    this.#board.limit = Math.floor(limit * this.#framer.ratio);
    while (this.#nextRecord()) {
      const { bytes, offset, length, count, tag } = this.#out;
      let buffer: Uint8Array | undefined;
      if (tag === this.#session) {
        buffer = this.#framer.frameCopy(
          new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length),
          count,
        );
        if (buffer === undefined) {
          this.#pool.whenReleased(() => this.mover.wake());
          return undefined;
        }
      }
      this.#out.release();
      this.#taken += 1;
      if (this.#board.takeRoomWanted(this.#out.used)) this.#bell.ringMain();
      if (buffer !== undefined) return buffer;
    }
    return undefined;
  }

  release(buffer: Uint8Array): void {
    this.#pool.release(buffer);
  }

  /** Whether the main thread has done what `poll` should look at. */
  get ready(): boolean {
    if (this.#starving && this.#out.used > 0) return true;
    const first = this.#waiting[0];
    return first !== undefined && this.#in.reserve(first.bytes.length) >= 0;
  }

  /** Once a turn: what the main thread has done meanwhile. */
  poll(): void {
    if (this.#starving && this.#out.used > 0) {
      this.#starving = false;
      if (this.#link.now() - this.#starvingSince > HARMLESS_HUNGER) this.#board.countStarved();
      this.#board.hungry = false;
      this.mover.wake();
    }
    if (this.#waiting.length > 0) this.#putWaiting();
  }

  /** Publishes the figures if it is time; returns when it will be. */
  publish(now: number): number {
    if (now < this.#publishAt) return this.#publishAt;
    this.#publishAt = now + PUBLISH_INTERVAL;
    this.#board.publish(this.mover.stats(), this.#framer.ratio, this.#taken);
    return Number.POSITIVE_INFINITY;
  }

  tell(event: PeerEvent): void {
    const bytes = new TextEncoder().encode(JSON.stringify(event));
    this.#put(RecordKind.EVENT, bytes, 0, bytes.length, 0);
  }

  close(): void {
    this.#link.close();
  }

  #nextRecord(): boolean {
    if (this.#out.next()) return true;
    // It is looked at once more after hunger has been announced: from then on whoever fills it rings.
    this.#board.hungry = true;
    if (this.#out.next()) {
      this.#board.hungry = false;
      return true;
    }
    if (!this.#starving) this.#starvingSince = this.#link.now();
    this.#starving = true;
    return false;
  }

  #deliver(buffer: Uint8Array): void {
    const opener = this.#opener;
    const error = opener.open(buffer);
    if (error === undefined) {
      this.#put(RecordKind.MESSAGES, opener.bytes, opener.offset, opener.length, opener.messages);
      return;
    }
    this.tell({ type: "malformed", message: error.message });
    this.mover.reset();
  }

  #put(kind: number, bytes: Uint8Array, offset: number, length: number, count: number): void {
    const data = bytes.subarray(offset, offset + length);
    if (this.#waiting.length === 0 && this.#write(kind, data, count)) return;
    // Not `slice`: of a Buffer that is no copy.
    this.#waiting.push({ kind, count, bytes: new Uint8Array(data) });
    this.#waitingBytes += length;
    this.#board.wantSpace();
    this.#putWaiting();
  }

  #putWaiting(): void {
    let put = 0;
    for (const { kind, count, bytes } of this.#waiting) {
      if (!this.#write(kind, bytes, count)) break;
      this.#waitingBytes -= bytes.length;
      put += 1;
    }
    this.#waiting.splice(0, put);
    if (this.#waiting.length > 0) this.#board.wantSpace();
  }

  #write(kind: number, data: Uint8Array, count: number): boolean {
    const at = this.#in.reserve(data.length);
    if (at < 0) return false;
    this.#in.bytes.set(data, at);
    this.#in.commit(data.length, kind, 0, count);
    this.#bell.ringMain();
    return true;
  }
}
