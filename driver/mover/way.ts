import {
  STREAM_LINGER,
  WAY_PATIENCE,
  WAY_PROBE_ANSWERS,
  WAY_PROBE_INTERVAL,
  WAY_PROBE_LOSSES,
} from "./constants.js";
import type { WayMode } from "./contract.js";
import { Way } from "./link.js";

/**
 * Which way what is said takes: datagrams, or the stream beside them (claim 20). Pure: time is an argument.
 *
 * A way is judged by what went there and came back. While there is no stream, whatever the peer answers by datagrams is
 * proof enough; while there is one, only a probe that went by a datagram and was answered by one.
 *
 * | mode auto: way | event | next | effect |
 * |---|---|---|---|
 * | datagrams | no proof for `WAY_PATIENCE` | datagrams | the stream is wanted |
 * | datagrams | the stream is there, and no proof for `WAY_PATIENCE` | stream | probes, each `WAY_PROBE_INTERVAL` |
 * | datagrams | the stream is there, and `WAY_PROBE_LOSSES` probes in a row without an answer | stream | |
 * | datagrams | proof while there is no stream; or `STREAM_LINGER` beside one | datagrams | the stream is not wanted |
 * | stream | `WAY_PROBE_ANSWERS` probes answered | datagrams | |
 * | stream | the stream ends | datagrams | no probes |
 *
 * The modes `datagrams` and `stream` know one way only.
 */
export class WayChoice {
  way: Way;
  /** The stream should be there. */
  wanted: boolean;
  /** When a probe should be sent by a datagram, if there is a session. */
  probeAt = Number.POSITIVE_INFINITY;
  readonly #mode: WayMode;
  #connected = false;
  #provenAt = Number.POSITIVE_INFINITY;
  /** Since when datagrams have been the way. */
  #since = 0;
  #unanswered = 0;
  #answered = 0;
  #probe = 0;

  constructor(mode: WayMode) {
    this.#mode = mode;
    this.way = mode === "stream" ? Way.STREAM : Way.DATAGRAMS;
    this.wanted = mode === "stream";
  }

  /** Patience begins. */
  start(now: number): void {
    this.#provenAt = now;
  }

  /** Whether what comes by that way is looked at, and something may be said by it before there is a session. */
  allows(way: Way): boolean {
    return this.#mode === "auto" || way === this.way;
  }

  nextTimerAt(): number {
    if (this.#mode !== "auto") return Number.POSITIVE_INFINITY;
    if (!this.wanted) return this.#provenAt + WAY_PATIENCE;
    return this.#connected && this.way === Way.DATAGRAMS
      ? this.#since + STREAM_LINGER
      : Number.POSITIVE_INFINITY;
  }

  /** `connected`: the stream is there. */
  onTimer(now: number, connected: boolean): void {
    if (this.#mode !== "auto") return;
    if (connected !== this.#connected) this.#onConnected(now, connected);
    const doubtful = now >= this.#provenAt + WAY_PATIENCE;
    if (this.way === Way.STREAM || doubtful) this.wanted = true;
    else if (connected && now >= this.#since + STREAM_LINGER) this.wanted = false;
  }

  /** The peer has answered by a datagram. */
  onDatagram(now: number): void {
    if (this.#connected) return;
    this.#provenAt = now;
    if (this.#mode === "auto") this.wanted = false;
  }

  /** A probe of that number has been sent by a datagram. */
  onProbe(now: number, probe: number): void {
    this.#probe = probe;
    this.probeAt = now + WAY_PROBE_INTERVAL;
    this.#unanswered += 1;
    if (this.#unanswered <= WAY_PROBE_LOSSES) return;
    this.#answered = 0;
    this.way = Way.STREAM;
  }

  /** The answer to a probe came by a datagram. */
  onAnswer(now: number, probe: number): void {
    if (!this.#connected || probe <= this.#probe - 2 * WAY_PROBE_LOSSES) return;
    this.#provenAt = now;
    this.#unanswered = 0;
    this.#answered += 1;
    if (this.way === Way.DATAGRAMS || this.#answered < WAY_PROBE_ANSWERS) return;
    this.way = Way.DATAGRAMS;
    this.#since = now;
  }

  #onConnected(now: number, connected: boolean): void {
    this.#connected = connected;
    this.#unanswered = 0;
    this.#answered = 0;
    this.#since = now;
    this.probeAt = connected ? now : Number.POSITIVE_INFINITY;
    this.way = connected && now >= this.#provenAt + WAY_PATIENCE ? Way.STREAM : Way.DATAGRAMS;
  }
}
