import { ACK_INTERVAL } from "../constants.js";
import { Contest } from "./contest.js";
import { Load, LossBaseline } from "./loss-baseline.js";
import { MaxFilter } from "./max-filter.js";
import type { AcknowledgementSample, CongestionModel } from "./model.js";
import { Push } from "./push.js";
import { RecentMinimum } from "./recent-minimum.js";
import { Rounds } from "./rounds.js";
import { Startup } from "./startup.js";

const STARTUP_GAIN = 2.77;
const DRAIN_GAIN = 0.36;
const DOWN_GAIN = 0.75;
/** What comes through of a rate that is held below the link's, at least, if it is not the link that holds it. */
const HELD_SHARE = 0.95;
/** Measurements whose greatest rate is the link's. */
const RATE_SAMPLES = 10;
const WINDOW_GAIN = 2;
/** A queue of that part of the round trip, and so many milliseconds more, shows the limit in start-up. */
const STARTUP_QUEUE = 1 / 8;
const STARTUP_QUEUE_LEAST = 2;
/** Until it is certain, the queue is not made longer. */
const DOUBTFUL_WINDOW_GAIN = 1.25;
/** Datagrams in flight at first, and at least. */
const FIRST_WINDOW = 32;
const LEAST_WINDOW = 4;
/** Milliseconds: the round trip of an unknown path. */
const UNKNOWN_RTT = 100;
/** A standing queue of this part of the round trip, and of this many milliseconds, is left alone. */
const QUEUE_PART = 0.05;
const QUEUE_LEAST = 1;
/** One of that part, or of that many milliseconds, may be full. */
const LONG_QUEUE_PART = 1 / 4;
const LONG_QUEUE_LEAST = 10;
/** A link that seems to lose more than this of its own may be a queue that others keep overflowing. */
const LARGE_LOSS = 0.08;
/** What comes through, of what is expected, is chance down to this part. */
const CHANCE = 0.9;
/** Milliseconds without acknowledgement that the window makes up for at most. */
const LONGEST_GAP = 200;
const LEAST_RELIEF = 0.85;
/**
 * On a path with a shorter round trip than this (milliseconds), a push of one round trip would be over before it has been
 * measured, and what waits for a processor would be taken for a queue of many round trips.
 */
const SHORT_TRIP = 20;
/** Measurements that tell what is delivered beside others. */
const SHARED_SAMPLES = 3;
const SHARED_MARGIN = 3;
/** A shared path's least round trip is believed for so long, milliseconds. */
const SHARED_BELIEF = 20_000;

type Phase = "startup" | "drain" | "up" | "down" | "cruise" | "shared" | "probe";

export interface AdaptiveOptions {
  /** What is tried first on an unknown path, bytes per millisecond. */
  readonly startRate?: number | undefined;
  /** Never more than this, bytes per millisecond. */
  readonly ceiling?: number | undefined;
}

/** docs/mover.md, "The adaptive model". */
export class AdaptiveModel implements CongestionModel {
  #state: Phase = "startup";
  readonly #rates = new MaxFilter(RATE_SAMPLES);
  readonly #recentRates = new MaxFilter(SHARED_SAMPLES);
  readonly #gaps = new MaxFilter(RATE_SAMPLES);
  readonly #rounds = new Rounds();
  readonly #loss = new LossBaseline();
  readonly #minimum = new RecentMinimum();
  #forward = new RecentMinimum();
  readonly #datagram: number;
  readonly #granularity: number;
  readonly #contest: Contest;
  #smoothedRtt = UNKNOWN_RTT;
  #since = 0;
  /** In which the datagrams were sent that the last round and this one answer. */
  #answeredGain = 1;
  #sentGain = 1;
  #sinceRound = 0;
  #gain = STARTUP_GAIN;
  readonly #startup: Startup;
  readonly #push = new Push();
  readonly #startRate: number;
  readonly #ceiling: number;

  constructor(datagram: number, granularity: number, options: AdaptiveOptions = {}) {
    this.#datagram = datagram;
    this.#granularity = granularity;
    this.#contest = new Contest(datagram);
    this.#startRate = options.startRate ?? (FIRST_WINDOW * datagram) / UNKNOWN_RTT;
    this.#startup = new Startup(this.#startRate);
    this.#ceiling = options.ceiling ?? Number.POSITIVE_INFINITY;
  }

  get phase(): number {
    return this.#loss.phase;
  }

  get lossRate(): number {
    return this.#loss.rate;
  }

  get state(): string {
    return this.#state;
  }

  get delivered(): number {
    // A source that trickles says nothing of the link: until its limit has been seen, what it may start with holds.
    return Math.max(this.#rates.value, this.#state === "startup" ? this.#startRate : 0);
  }

  /** What was delivered lately, but for a moment's low. */
  get #recentlyDelivered(): number {
    return Math.min(this.delivered, this.#recentRates.value * SHARED_MARGIN);
  }

  get rate(): number {
    return Math.min(this.delivered / (1 - this.#loss.rate), this.#ceiling);
  }

  get pacingRate(): number {
    if (this.#state !== "shared") return Math.min(this.rate * this.#gain, this.#ceiling);
    return Math.min(this.#sharedRate, this.#ceiling);
  }

  /** What holds the rate is the ceiling, as far as is known, and not the link: there is nothing to push for. */
  get #capped(): boolean {
    return this.rate * Push.reach >= this.#ceiling;
  }

  get #roundTrip(): number {
    return this.#minimum.value < Number.POSITIVE_INFINITY ? this.#minimum.value : UNKNOWN_RTT;
  }

  /** How long acknowledgements let wait for them, milliseconds. */
  get #ackGap(): number {
    const least = Math.min(ACK_INTERVAL, this.#roundTrip / 4);
    return Math.min(Math.max(this.#gaps.value, least), LONGEST_GAP);
  }

  /** What the window of the others would give us, bytes per millisecond. */
  get #sharedRate(): number {
    return this.#contest.sharedWindow / this.#smoothedRtt;
  }

  get window(): number {
    const least = LEAST_WINDOW * this.#datagram;
    if (this.#state === "shared")
      return Math.max(
        this.#contest.sharedWindow + this.#sharedRate * (this.#ackGap + 2 * this.#granularity),
        least,
      );
    if (this.#state === "probe") return Math.max(this.#contest.probeWindow, least);
    const doubtful = this.#state === "startup" && this.#startup.doubtful;
    const gain = doubtful ? DOUBTFUL_WINDOW_GAIN : WINDOW_GAIN;
    const window = this.rate * (gain * this.#roundTrip + this.#ackGap + 2 * this.#granularity);
    return Math.max(window, least, this.#state === "startup" ? FIRST_WINDOW * this.#datagram : 0);
  }

  onSent(_now: number, _physical: number, bytes: number): void {
    this.#loss.onSent(bytes);
    this.#contest.onSent(bytes);
  }

  onLost(phase: number, bytes: number): void {
    this.#loss.onLost(phase, bytes);
    this.#contest.onLost(bytes);
  }

  onLossUndone(phase: number, bytes: number): void {
    this.#loss.onLossUndone(phase, bytes);
    this.#contest.onLost(-bytes);
  }

  onIdle(_now: number, physical: number): void {
    this.#rounds.onIdle(physical);
  }

  /** Nothing gets through, or nothing comes back: begins anew from half of what was known. */
  onSilence(): void {
    if (this.#rates.value === 0) return;
    this.#rates.reset(this.#rates.value / 2);
    this.#quicken();
    this.#contest.clear(this.#since);
    this.#state = "startup";
    this.#gain = STARTUP_GAIN;
  }

  restart(): void {
    this.#rounds.restart();
    this.#loss.restart();
    // The new session's receiver has another clock.
    this.#forward = new RecentMinimum();
    if (!this.#crowded) return;
    this.#state = "cruise";
    this.#contest.clear(this.#since);
  }

  onAcknowledgement(ack: AcknowledgementSample): void {
    this.#loss.settle(
      ack.lowestInFlight,
      !(this.#queue > Math.max(this.#roundTrip * LONG_QUEUE_PART, LONG_QUEUE_LEAST)),
      this.#contest.trusts(ack.now),
    );
    const rounds = this.#rounds;
    rounds.onAcknowledgement(ack);
    if (rounds.measured) this.#onMeasurement(ack);
    if (rounds.ended) this.#onRound(ack);
    this.#advance(ack);
  }

  #onMeasurement(ack: AcknowledgementSample): void {
    const { rate, idle, delay } = this.#rounds;
    const worthless = (idle || this.#held) && rate <= this.#rates.value;
    if (delay < Number.POSITIVE_INFINITY && !worthless) this.#addForward(ack.now, delay);
    const queue = delay - this.#forward.value;
    const queued = queue > this.#roundTrip * STARTUP_QUEUE + STARTUP_QUEUE_LEAST;
    if (this.#state === "startup") {
      // What waits for a processor looks like a short queue.
      const certain = queued && (!idle || queue > LONG_QUEUE_LEAST);
      this.#startup.onMeasurement(this.#rounds, certain, this.#rates.value);
    }
    if (worthless) return;
    const known = this.#rates.value;
    const expected = this.#expectsNoMore;
    const chance = expected && (rate > known || (!queued && rate >= known * CHANCE));
    this.#rates.add(chance ? known : rate);
    this.#recentRates.add(rate);
    const open = this.#state === "cruise" || this.#state === "up" || this.#state === "down";
    if (!open || expected || queued) return;
    if (rate >= Push.growth(known) && !this.#contest.expects(ack.now)) this.#enterStartup(ack);
    else if (this.#pushed) this.#push.onMeasurement(rate, known);
  }

  /** Of what is acknowledged just now something was sent in a push. */
  get #pushed(): boolean {
    return Math.max(this.#gain, this.#sentGain, this.#answeredGain) > 1;
  }

  /**
   * No more was sent than is believed to get through, made up for a large loss. What comes through beyond that is chance:
   * the greatest of many such measurements, made up for once more, would raise the rate by and by, beside others whom
   * that would cost.
   */
  get #expectsNoMore(): boolean {
    return this.#state === "cruise" && !this.#pushed && this.#loss.rate > LARGE_LOSS;
  }

  #addForward(now: number, delay: number): void {
    const before = this.#forward.value;
    if (this.#crowded && now - this.#minimum.confirmedAt < SHARED_BELIEF && delay > before) return;
    this.#forward.add(now, delay);
    if (before - delay <= Math.max(this.#roundTrip * STARTUP_QUEUE, STARTUP_QUEUE_LEAST)) return;
    // There was a queue after all, and what it lost was not lost by the link.
    this.#loss.forget();
    this.#contest.reveal(now);
  }

  get #crowded(): boolean {
    return this.#state === "shared" || this.#state === "probe";
  }

  /** So little was sent on purpose that the link may well be faster than what came through: then no queue stands. */
  get #held(): boolean {
    if (this.#gain >= 1 || this.#queue > Math.max(this.#roundTrip * LONG_QUEUE_PART, LONG_QUEUE_LEAST))
      return false;
    return this.#rounds.rate >= HELD_SHARE * this.#gain * this.delivered;
  }

  /** There is much more to be had than was thought. */
  #enterStartup(ack: AcknowledgementSample): void {
    this.#quicken();
    this.#enter(ack, "startup", STARTUP_GAIN);
  }

  #quicken(): void {
    this.#rounds.quick = true;
    this.#startup.begin(this.#rates.value);
  }

  #onRound(ack: AcknowledgementSample): void {
    const rounds = this.#rounds;
    this.#smoothedRtt = ack.smoothedRtt;
    this.#addMinimum(ack);
    if (!rounds.idle && !rounds.quick) this.#gaps.add(rounds.longestGap);
    if (this.#state === "startup" && !rounds.idle)
      this.#startup.onRound(this.#queue > this.#roundTrip * STARTUP_QUEUE + QUEUE_LEAST, this.#rates.value);
    const excess = this.#queue - Math.max(this.#roundTrip * QUEUE_PART, QUEUE_LEAST);
    this.#share(ack, excess);
    if (this.#state === "cruise") {
      const relief = Math.max(1 - excess / Math.max(this.#roundTrip, SHORT_TRIP), LEAST_RELIEF);
      this.#setGain(ack, excess > 0 ? relief : this.#capped ? Push.reach : 1);
    }
    this.#judgePush();
  }

  /** What is known of the empty path is kept while others fill it. */
  #addMinimum(ack: AcknowledgementSample): void {
    const { minimumRtt } = this.#rounds;
    if (this.#crowded) this.#minimum.confirm(ack.now, minimumRtt);
    const believed = this.#crowded && ack.now - this.#minimum.confirmedAt < SHARED_BELIEF;
    if (believed && minimumRtt > this.#minimum.value) return;
    if (minimumRtt < Number.POSITIVE_INFINITY) this.#minimum.add(ack.now, minimumRtt);
  }

  /** Others may keep the queue full. */
  #share(ack: AcknowledgementSample, excess: number): void {
    const contest = this.#contest;
    const gain = this.#answeredGain;
    this.#answeredGain = this.#sentGain;
    this.#sentGain = this.#gain;
    if (this.#state === "startup" || this.#state === "drain") {
      contest.clear(ack.now);
      return;
    }
    const before = contest.course;
    contest.onRound({
      now: ack.now,
      idle: this.#rounds.idle,
      queue: this.#queue,
      excess,
      gain,
      roundTrip: this.#roundTrip,
      confirmedAt: this.#minimum.confirmedAt,
      smoothedRtt: ack.smoothedRtt,
      ownLoss: this.#loss.rate,
      delivered: this.#recentlyDelivered,
      latest: Math.min(this.rate, this.#rounds.rate),
    });
    if (contest.course !== before) this.#enter(ack, contest.course === "free" ? "cruise" : contest.course, 1);
  }

  #judgePush(): void {
    const lost = this.#loss.takeOver();
    if (Number.isNaN(lost) || this.#state === "startup" || this.#state === "drain") return;
    this.#push.judge(lost, this.#loss.rateAtFull);
  }

  /** The least that was waited in queues during the last round, milliseconds. */
  get #queue(): number {
    return this.#rounds.roundDelay - this.#forward.value;
  }

  #advance(ack: AcknowledgementSample): void {
    const elapsed = ack.now - this.#since;
    const full = this.rate * (this.#roundTrip + ACK_INTERVAL / 2);
    switch (this.#state) {
      case "startup":
        if (!this.#startup.done) break;
        // On a short path, measurements of milliseconds show what waits for a processor, and the greatest is soon forgotten.
        if (this.#roundTrip >= SHORT_TRIP) this.#rates.reset(this.#startup.limit(this.#rates.value));
        this.#rounds.quick = false;
        this.#push.begin();
        this.#enter(ack, "drain", DRAIN_GAIN);
        break;
      case "drain":
        if (ack.inFlight <= full || elapsed > 4 * this.#roundTrip) this.#enter(ack, "cruise", 1);
        break;
      case "up":
        if (elapsed >= Math.max(this.#roundTrip, SHORT_TRIP)) this.#enter(ack, "down", DOWN_GAIN);
        break;
      case "down":
        if (ack.inFlight <= full || elapsed >= this.#roundTrip) this.#enter(ack, "cruise", 1);
        break;
      case "cruise":
        if (this.#capped) break;
        if (this.#rounds.count - this.#sinceRound >= this.#push.rounds) {
          this.#push.start();
          this.#enter(ack, "up", 1 + this.#push.strength);
        }
        break;
    }
  }

  #enter(ack: AcknowledgementSample, state: Phase, gain: number): void {
    this.#state = state;
    this.#since = ack.now;
    this.#sinceRound = this.#rounds.count;
    this.#setGain(ack, gain);
  }

  #setGain(ack: AcknowledgementSample, gain: number): void {
    this.#gain = gain;
    this.#loss.begin(ack.next, this.#load);
  }

  get #load(): number {
    // What start-up loses says nothing of a push.
    if (this.#crowded || this.#state === "startup") return Load.NONE;
    if (this.#gain > 1 && !this.#capped) return Load.OVER;
    return this.#gain < 1 ? Load.UNDER : Load.FULL;
  }
}
