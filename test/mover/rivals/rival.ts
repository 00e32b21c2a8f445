import type { SeededRandom, SimulatedClock, SimulatedPipe } from "../../../driver/mover/simulation/index.js";

/** Bytes of a full frame. */
export const FRAME = 1514;
/** Bytes of a frame with an acknowledgement and nothing else. */
const ACK_FRAME = 66;
const DUPLICATE_THRESHOLD = 3;
/** Milliseconds. */
const LEAST_TIMEOUT = 1000;
/** A paced packet that is late by more than this (milliseconds) is not made up for. */
const PACING_CREDIT = 1;
/** A paced packet goes out late by up to this (milliseconds): flows in lockstep would be an artefact. */
const LATENESS = 0.3;

/** How a rival decides; windows are in packets, rates in packets per millisecond, times in milliseconds. */
export interface Control {
  readonly window: number;
  /** Infinity: as acknowledgements come. */
  readonly pacing: number;
  onAck(event: AckEvent): void;
  /** Once for each loss episode. */
  onLoss(): void;
  onTimeout(): void;
}

export interface AckEvent {
  readonly now: number;
  readonly rtt: number;
  readonly inFlight: number;
  /** Packets delivered altogether, and when the acknowledged one was sent. */
  readonly delivered: number;
  readonly deliveredWhenSent: number;
  readonly deliveredAtWhenSent: number;
  /** Packets in flight when the acknowledged one was sent, itself included. */
  readonly inFlightWhenSent: number;
  /** Packets lost altogether, and when the acknowledged one was sent. */
  readonly lost: number;
  readonly lostWhenSent: number;
  /** It was sent after everything of the round before had been acknowledged. */
  readonly roundStart: boolean;
}

interface Packet {
  readonly sentAt: number;
  readonly delivered: number;
  readonly deliveredAt: number;
  readonly inFlight: number;
  readonly lost: number;
}

/**
 * An endless TCP connection of somebody else's, as far as the link can tell: full frames, an acknowledgement for each,
 * loss by three later ones or by time-out. What was lost is not sent again, for nothing counts here but the rate.
 */
export class Rival {
  /** Packets that arrived. */
  delivered = 0;
  readonly #control: Control;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #forward: SimulatedPipe;
  readonly #backward: SimulatedPipe;
  readonly #data: Uint8Array;
  readonly #ack: Uint8Array;
  readonly #outstanding = new Map<number, Packet>();
  #next = 0;
  #lowest = 0;
  /** Packets known as delivered, and the last time. */
  #known = 0;
  #knownAt = 0;
  #lost = 0;
  #recoverAt = 0;
  #roundEnd = 0;
  #sendAt = 0;
  #waiting = false;
  #smoothed = 0;

  constructor(
    clock: SimulatedClock,
    random: SeededRandom,
    forward: SimulatedPipe,
    backward: SimulatedPipe,
    control: Control,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#forward = forward;
    this.#backward = backward;
    this.#control = control;
    this.#data = new Uint8Array(FRAME - forward.conditions.frame);
    this.#ack = new Uint8Array(ACK_FRAME - backward.conditions.frame);
  }

  start(at: number): void {
    this.#clock.at(at, () => {
      this.#knownAt = this.#clock.now;
      this.#send();
      this.#watch();
    });
  }

  #send(): void {
    const now = this.#clock.now;
    const control = this.#control;
    while (this.#outstanding.size < control.window) {
      if (control.pacing < Number.POSITIVE_INFINITY) {
        if (this.#sendAt > now) {
          this.#sendLater();
          return;
        }
        this.#sendAt = Math.max(this.#sendAt, now - PACING_CREDIT) + 1 / control.pacing;
      }
      const number = this.#next;
      this.#next += 1;
      if (this.#outstanding.size === 0) this.#knownAt = now;
      this.#outstanding.set(number, {
        sentAt: now,
        delivered: this.#known,
        deliveredAt: this.#knownAt,
        inFlight: this.#outstanding.size + 1,
        lost: this.#lost,
      });
      this.#forward.carry(this.#data, () => {
        this.delivered += 1;
        this.#backward.carry(this.#ack, () => this.#acknowledge(number));
      });
    }
  }

  #sendLater(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#clock.at(this.#sendAt + this.#random.next() * LATENESS, () => {
      this.#waiting = false;
      this.#send();
    });
  }

  #acknowledge(number: number): void {
    const packet = this.#outstanding.get(number);
    if (packet === undefined) return;
    const now = this.#clock.now;
    this.#outstanding.delete(number);
    this.#known += 1;
    this.#knownAt = now;
    const rtt = now - packet.sentAt;
    this.#smoothed = this.#smoothed === 0 ? rtt : this.#smoothed + (rtt - this.#smoothed) / 8;
    this.#findLost(number);
    const roundStart = number >= this.#roundEnd;
    if (roundStart) this.#roundEnd = this.#next;
    this.#control.onAck({
      now,
      rtt,
      inFlight: this.#outstanding.size,
      delivered: this.#known,
      deliveredWhenSent: packet.delivered,
      deliveredAtWhenSent: packet.deliveredAt,
      inFlightWhenSent: packet.inFlight,
      lost: this.#lost,
      lostWhenSent: packet.lost,
      roundStart,
    });
    this.#send();
  }

  #findLost(number: number): void {
    let episode = false;
    for (; this.#lowest <= number - DUPLICATE_THRESHOLD; this.#lowest += 1) {
      if (!this.#outstanding.delete(this.#lowest)) continue;
      this.#lost += 1;
      if (this.#lowest >= this.#recoverAt) episode = true;
    }
    if (!episode) return;
    this.#recoverAt = this.#next;
    this.#control.onLoss();
  }

  #watch(): void {
    const timeout = Math.max(LEAST_TIMEOUT, 2 * this.#smoothed);
    if (this.#clock.now - this.#knownAt >= timeout) {
      this.#lost += this.#outstanding.size;
      this.#outstanding.clear();
      this.#lowest = this.#next;
      this.#control.onTimeout();
      this.#send();
    }
    this.#clock.at(this.#clock.now + timeout / 4, () => this.#watch());
  }
}
