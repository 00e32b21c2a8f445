const PHASES = 256;
/** Bytes over which the mean is taken. */
const MEMORY = 8_000_000;
/** Bytes without loss that are taken for granted at the beginning, so that a first loss does not count for much. */
const PRIOR = 300_000;
const GREATEST = 0.4;

/** In which phases of the rate a loss happened. */
export const Load = {
  /** More was sent than the link is believed to take: losses say nothing about the link itself. */
  OVER: 0,
  /** As much as it is believed to take. */
  FULL: 1,
  /** Less. */
  UNDER: 2,
  /** The queue is full of others' datagrams: so is what is lost theirs. */
  NONE: 3,
} as const;

/**
 * The loss that the link has of its own, told from that which a full queue makes by looking only at what
 * was sent while no more was sent than the link takes. Losses are booked to the phase in which the
 * datagram was sent, not in which its loss was noticed.
 */
export class LossBaseline {
  /** The phase that is being sent. */
  phase = 0;
  readonly #sent = new Float64Array(PHASES);
  readonly #lost = new Float64Array(PHASES);
  readonly #load = new Uint8Array(PHASES);
  /** The physical number behind the phase. */
  readonly #end = new Float64Array(PHASES);
  #oldest = 0;
  #full = new Mean();
  #under = new Mean();
  #over = Number.NaN;

  /** 0 … 1 */
  get rate(): number {
    return Math.min(this.#full.value, this.#under.most, GREATEST);
  }

  /** As `rate`, but with what the link loses because as much is sent as it takes. */
  get rateAtFull(): number {
    return this.#full.value;
  }

  /** What was lost, 0 … 1, in the latest phase of `OVER` that is settled; NaN once it has been asked for. */
  takeOver(): number {
    const rate = this.#over;
    this.#over = Number.NaN;
    return rate;
  }

  /** What is sent from `physical` on belongs to a new phase. */
  begin(physical: number, load: number): void {
    if (this.#load[this.phase] === load && this.#sent[this.phase]! === 0) return;
    this.#end[this.phase] = physical;
    const next = (this.phase + 1) % PHASES;
    if (next === this.#oldest) return;
    this.phase = next;
    this.#sent[next] = 0;
    this.#lost[next] = 0;
    this.#load[next] = load;
    this.#end[next] = Number.POSITIVE_INFINITY;
  }

  onSent(bytes: number): void {
    this.#sent[this.phase]! += bytes;
  }

  onLost(phase: number, bytes: number): void {
    this.#lost[phase]! += bytes;
  }

  onLossUndone(phase: number, bytes: number): void {
    this.#lost[phase]! -= Math.min(bytes, this.#lost[phase]!);
  }

  /**
   * Draws the balance of the phases that lie below `physical` entirely. `calm`: no long queue was met on the way, so
   * what was lost was not lost to a full one.
   */
  settle(physical: number, calm: boolean, trusted: boolean): void {
    while (this.#oldest !== this.phase && this.#end[this.#oldest]! <= physical) {
      const i = this.#oldest;
      const [lost, sent] = [this.#lost[i]!, this.#sent[i]!];
      const known = trusted || lost <= sent * this.rate;
      if (this.#load[i] === Load.FULL && calm && known) this.#full.add(lost, sent);
      else if (this.#load[i] === Load.UNDER && calm && known) this.#under.add(lost, sent);
      else if (this.#load[i] === Load.OVER && sent > 0) this.#over = lost / sent;
      this.#oldest = (i + 1) % PHASES;
    }
  }

  forget(): void {
    this.#full = new Mean();
    this.#under = new Mean();
  }

  /** Numbers begin anew with a new session; what has been learnt is kept. */
  restart(): void {
    this.#oldest = this.phase;
    this.#sent[this.phase] = 0;
    this.#lost[this.phase] = 0;
  }
}

/** A mean that forgets. */
class Mean {
  #lost = 0;
  #sent = 0;

  get value(): number {
    return this.#lost / (this.#sent + PRIOR);
  }

  /** What it may be at most: a few deviations more than the mean, for losses come in bursts. */
  get most(): number {
    if (this.#sent < PRIOR) return 1;
    const mean = this.#lost / this.#sent;
    return mean + 0.002 + 4 * Math.sqrt((Math.max(mean, 0.001) * 1500) / this.#sent);
  }

  add(lost: number, sent: number): void {
    const keep = Math.exp(-sent / MEMORY);
    this.#lost = this.#lost * keep + lost;
    this.#sent = this.#sent * keep + sent;
  }
}
