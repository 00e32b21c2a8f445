import { Way } from "../link.js";
import type { AcknowledgementSample, CongestionModel } from "./model.js";

/**
 * A model for each way. What was sent by one says nothing of the other: after a change all samples and losses are passed
 * over until the last transmission by the way before is received or lost.
 */
export class TwoWayModel implements CongestionModel {
  readonly #datagrams: CongestionModel;
  readonly #stream: CongestionModel;
  readonly #shut: () => boolean;
  #current: CongestionModel;
  #changed = false;
  /** The first physical number since the change. */
  #mark = 0;

  /** `shut`: the way takes no more for now. */
  constructor(datagrams: CongestionModel, stream: CongestionModel, way: Way, shut: () => boolean) {
    this.#shut = shut;
    this.#datagrams = datagrams;
    this.#stream = stream;
    this.#current = way === Way.STREAM ? stream : datagrams;
  }

  /** From the next transmission on. */
  use(way: Way): void {
    const next = way === Way.STREAM ? this.#stream : this.#datagrams;
    if (next === this.#current) return;
    this.#current = next;
    this.#changed = true;
    this.#mark = Number.POSITIVE_INFINITY;
    next.restart();
  }

  get pacingRate(): number {
    return this.#current.pacingRate;
  }

  get rate(): number {
    return this.#current.rate;
  }

  get window(): number {
    return this.#shut() ? 0 : this.#current.window;
  }

  get phase(): number {
    return this.#current.phase;
  }

  get lossRate(): number {
    return this.#datagrams.lossRate;
  }

  onSent(now: number, physical: number, bytes: number): void {
    if (this.#changed) {
      this.#changed = false;
      this.#mark = physical;
    }
    this.#current.onSent(now, physical, bytes);
  }

  onLost(phase: number, bytes: number): void {
    if (this.#mark === 0) this.#current.onLost(phase, bytes);
  }

  onLossUndone(phase: number, bytes: number): void {
    if (this.#mark === 0) this.#current.onLossUndone(phase, bytes);
  }

  onAcknowledgement(ack: AcknowledgementSample): void {
    if (ack.lowestInFlight < this.#mark) return;
    this.#mark = 0;
    this.#current.onAcknowledgement(ack);
  }

  onIdle(now: number, physical: number): void {
    this.#current.onIdle(now, physical);
  }

  onSilence(): void {
    this.#current.onSilence();
  }

  restart(): void {
    this.#changed = false;
    this.#mark = 0;
    this.#current.restart();
  }
}
