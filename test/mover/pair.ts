import assert from "node:assert/strict";
import type { BufferSource, MoverOptions, MoverStats, SecurityOptions } from "../../driver/mover/index.js";
import { BUFFER_FIELD_BYTES, Mover, Way } from "../../driver/mover/index.js";
import {
  type Conditions,
  SeededRandom,
  SimulatedClock,
  type SimulatedLink,
  SimulatedStream,
  simulatedPath,
} from "../../driver/mover/simulation/index.js";
import { SECURITY } from "./security.js";

const PREAMBLE = BUFFER_FIELD_BYTES + 8;

const NOISE_BYTES = 131_072;
const noise = noiseOf(new SeededRandom(1));

function noiseOf(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: 2 * NOISE_BYTES }, () => random.below(256));
}

/** What is in `length` bytes of buffer `number` from `at` on, its number and length apart; both ends know it. */
function content(number: number, at: number, length: number): Uint8Array {
  const from = ((number * 7919) % NOISE_BYTES) + at;
  return noise.subarray(from, from + length);
}

function newBuffer(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(content(number, 0, length));
  const view = new DataView(bytes.buffer);
  view.setUint32(BUFFER_FIELD_BYTES, number);
  view.setUint32(BUFFER_FIELD_BYTES + 4, length);
  return bytes;
}

/** One end: says numbered buffers, and checks that those of the other end come once and unaltered. */
export class Site {
  readonly mover: Mover;
  readonly events: string[] = [];
  readonly received = new Set<number>();
  /** Buffers in the mover's hands. */
  readonly lent = new Set<Uint8Array>();
  /** Those that the mover gave back while the session went on: the peer has them. */
  readonly acknowledged = new Set<number>();
  said = 0;
  #left = 0;
  #lengths: () => number = () => 1000;
  /** A new session: what was under way before is lost, and the peer's numbers go on. */
  #begun = 0;

  constructor(
    link: SimulatedLink,
    options: Partial<MoverOptions> & { site: string; bootId: bigint; security: SecurityOptions },
  ) {
    const source: BufferSource = {
      nextBuffer: () => this.#next(),
      release: (buffer) => {
        assert.ok(this.lent.delete(buffer), "released twice, or never lent");
        const number = new DataView(buffer.buffer).getUint32(BUFFER_FIELD_BYTES);
        if (this.mover.state === "up" || this.mover.state === "silent") this.acknowledged.add(number);
      },
    };
    this.mover = new Mover({ link, source, deliver: (buffer) => this.#deliver(buffer), ...options });
    const at = () => Math.round(link.now());
    this.mover.on("up", (peer, resumed) =>
      this.events.push(`${at()} ${resumed ? "resumed" : "up"} ${peer.site}`),
    );
    this.mover.on("stranger", ({ kind }) => this.events.push(`${at()} stranger ${kind}`));
    this.mover.on("silent", () => this.events.push(`${at()} silent`));
    this.mover.on("moved", (address) => this.events.push(`${at()} moved ${address}`));
    this.mover.on("way", (way) =>
      this.events.push(`${at()} by ${way === Way.STREAM ? "stream" : "datagrams"}`),
    );
    this.mover.on("down", (reason) => {
      assert.equal(this.lent.size, 0, "buffers kept after the end of the session");
      this.#begun = this.said;
      this.events.push(`${at()} down ${reason}`);
    });
  }

  get stats(): MoverStats {
    return this.mover.stats();
  }

  /** Events without their times. */
  get history(): string[] {
    return this.events.map((event) => event.replace(/^\d+ /, ""));
  }

  /** Will say `count` buffers more. */
  say(count: number, lengths: () => number): void {
    this.#left += count;
    this.#lengths = lengths;
    this.mover.wake();
  }

  /** Whether the peer has everything that was said in this session. */
  finished(peer: Site): boolean {
    if (this.#left > 0) return false;
    for (let number = this.#begun; number < this.said; number += 1)
      if (!peer.received.has(number)) return false;
    return true;
  }

  get quiet(): boolean {
    return this.#left === 0 && this.lent.size === 0;
  }

  #next(): Uint8Array | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    const buffer = newBuffer(this.said, Math.max(PREAMBLE, this.#lengths()));
    this.said += 1;
    this.lent.add(buffer);
    return buffer;
  }

  #deliver(buffer: Uint8Array): void {
    const view = new DataView(buffer.buffer, buffer.byteOffset);
    const number = view.getUint32(BUFFER_FIELD_BYTES);
    assert.ok(!this.received.has(number), `buffer ${number} came twice`);
    assert.equal(view.getUint32(BUFFER_FIELD_BYTES + 4), buffer.length, `buffer ${number} was altered`);
    const rest = buffer.subarray(PREAMBLE);
    const expected = content(number, PREAMBLE, rest.length);
    assert.equal(Buffer.compare(rest, expected), 0, `buffer ${number} was altered`);
    this.received.add(number);
  }
}

export interface PairOptions {
  readonly seed?: number;
  readonly forward?: Partial<Conditions>;
  readonly backward?: Partial<Conditions>;
  readonly lateness?: number;
  readonly mover?: Partial<MoverOptions>;
  /** Default: sealed. */
  readonly security?: "off" | { readonly a: SecurityOptions; readonly b: SecurityOptions };
  /** A stream beside the datagrams, of so many bits per second and milliseconds one way. */
  readonly stream?: { readonly rate: number; readonly delay: number };
}

/** Two sites and a simulated path between them; nothing has been started. */
export class Pair {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly a: Site;
  readonly b: Site;
  readonly links: { a: SimulatedLink; b: SimulatedLink };
  readonly stream: SimulatedStream | undefined;

  constructor(options: PairOptions) {
    const { seed = 1, forward = {}, backward = forward, lateness = 0, mover = {} } = options;
    const { security = SECURITY } = options;
    const { clock } = this;
    this.random = new SeededRandom(seed + 1000);
    this.stream = options.stream && new SimulatedStream({ clock, random: this.random, ...options.stream });
    this.links = simulatedPath({ clock, seed, forward, backward, lateness, stream: this.stream });
    const { a, b } = security === "off" ? { a: security, b: security } : security;
    this.a = new Site(this.links.a, { site: "a", bootId: 1n, security: a, ...mover });
    this.b = new Site(this.links.b, { site: "b", bootId: 2n, security: b, ...mover });
  }

  start(): this {
    this.a.mover.start();
    this.b.mover.start();
    return this;
  }

  /** Runs for `span` milliseconds. */
  run(span: number): this {
    this.clock.runUntil(this.clock.now + span);
    return this;
  }

  /** Runs until both sides have all, and know it; fails if that takes longer than `limit` milliseconds. */
  settle(limit: number): void {
    const { a, b } = this;
    const begun = this.clock.now;
    const open = () => !(a.finished(b) && b.finished(a) && a.quiet && b.quiet);
    while (open() && this.clock.now - begun < limit) this.run(10);
    assert.ok(!open(), `not settled after ${limit} ms: ${JSON.stringify([a.stats, b.stats], replacer, 1)}`);
  }

  cut(cut: boolean): this {
    this.links.a.out.conditions.cut = cut;
    this.links.b.out.conditions.cut = cut;
    return this;
  }
}

function replacer(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
