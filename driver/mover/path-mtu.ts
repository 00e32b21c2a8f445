/** UDP and IP headers are the caller's business: all sizes here are bytes of UDP payload. */

/** The MTUs that paths mostly have, ascending: tunnels of many kinds, PPPoE, Ethernet, jumbo frames. */
const COMMON_MTUS: readonly number[] = [1400, 1420, 1440, 1460, 1480, 1492, 1500, 2000, 4470, 8192, 9000];
const ETHERNET_MTU = 1500;
/** A search that has come this close is at its end. */
const GRAIN = 16;
/** So many probes of a size without an answer are a verdict: at 10 % loss each way, one in 20,000 is wrong. */
const PROBES = 6;
/** They are this far apart, or half a round trip; and the last has this long, or two. Milliseconds. */
const SPACING = 50;
const PATIENCE = 500;
/** While nothing at all is answered, probes are this far apart. */
const LONG_SPACING = 1000;
/** What was found too long is tried again after so long (RFC 8899 §5.1.1, PMTU_RAISE_TIMER). */
const RAISE_AFTER = 600_000;
/** A datagram of this length is taken to get through wherever anything does (RFC 791 §3.1). */
export const LEAST_WHOLE = 548;
/** Probes whose sizes are remembered. */
const REMEMBERED = 32;

export interface PathMtuOptions {
  /** Taken to get through until it turns out not to. */
  readonly least: number;
  /** No longer ones are wanted. */
  readonly ceiling: number;
  /** Bytes of IP and UDP header. */
  readonly headers: number;
}

/**
 * How long a datagram may be so that it gets through whole: packetization-layer path MTU discovery (RFC 8899). Pure: time
 * is an argument, probes are the caller's to send and to have answered. One lost probe says nothing.
 *
 * | state | event | next | effect |
 * |---|---|---|---|
 * | searching | a probe is answered | searching | `size` is that of the probe |
 * | searching | `PROBES` of a size are not answered, or the system refuses it | searching | a smaller one is tried |
 * | searching | nothing left to try | complete | |
 * | complete | `RAISE_AFTER`, if something was too long | searching | from `size` up |
 * | searching, complete | doubt: long datagrams are not acknowledged | doubtful | probes of `size`, and short ones beside |
 * | doubtful | one of `size` is answered | searching | |
 * | doubtful | `PROBES` of `size` are not answered, a short one is | searching | `size` is `least`; or, if it was, `whole` is `LEAST_WHOLE` |
 */
export class PathMtu {
  /** What is cut from now on is as long at most. */
  size: number;
  /** When the next probe should be sent. */
  probeAt = Number.POSITIVE_INFINITY;
  #state: "searching" | "complete" | "doubtful" = "complete";
  readonly #least: number;
  readonly #headers: number;
  #ceiling: number;
  /** The shortest that is too long. */
  #tooLong: number;
  /** Not even `least` gets through. */
  #cramped = false;
  /** What is being tried, and how often it has been. */
  #candidate = 0;
  #sent = 0;
  /** In doubt: a short probe was answered. */
  #shortAnswered = false;
  #shortNext = false;
  readonly #numbers = new Float64Array(REMEMBERED).fill(-1);
  readonly #sizes = new Uint32Array(REMEMBERED);

  constructor({ least, ceiling, headers }: PathMtuOptions) {
    this.#least = Math.min(least, ceiling);
    this.#headers = headers;
    this.#ceiling = ceiling;
    this.#tooLong = ceiling + 1;
    this.size = this.#least;
  }

  get state(): string {
    return this.#state;
  }

  /** Datagrams that are longer go in fragments, or not at all. */
  get whole(): number {
    return this.#cramped ? LEAST_WHOLE : this.size;
  }

  /** Acknowledged datagrams that are longer show that those of `size` get through. */
  get telling(): number {
    return this.size > this.#least ? this.#least : Math.min(LEAST_WHOLE, this.#least - 1);
  }

  /** A session begins with a peer that takes datagrams up to `ceiling`. What was known is tried first. */
  begin(now: number, ceiling: number): void {
    const known = this.size;
    this.#ceiling = Math.max(ceiling, this.#least);
    this.#tooLong = this.#ceiling + 1;
    this.size = this.#least;
    this.#numbers.fill(-1);
    this.#search(now);
    if (this.#state === "searching" && known > this.#least && known <= this.#ceiling) this.#candidate = known;
  }

  /** The session is over. */
  end(): void {
    this.#state = "complete";
    this.probeAt = Number.POSITIVE_INFINITY;
  }

  /** How long the probe should be that is due; 0 if there is none after all. `roundTrip` NaN if unknown. */
  due(now: number, roundTrip: number): number {
    if (this.#state === "complete") {
      this.#tooLong = this.#ceiling + 1;
      this.#search(now);
      if (this.#state === "complete") return 0;
    }
    const trip = Number.isNaN(roundTrip) ? PATIENCE : roundTrip;
    const spacing = Math.max(SPACING, trip / 2);
    if (this.#sent >= PROBES && !this.#judge(now)) {
      // In doubt, and nothing is answered: the link is cut, and says nothing of lengths.
      this.probeAt = now + Math.max(LONG_SPACING, spacing);
      this.#shortNext = !this.#shortNext;
      return this.#shortNext ? this.#short : this.#candidate;
    }
    if (this.state === "complete") return 0;
    if (this.#state === "doubtful") {
      this.#shortNext = !this.#shortNext;
      if (this.#shortNext) {
        this.probeAt = now;
        return this.#short;
      }
    }
    this.#sent += 1;
    this.probeAt = now + (this.#sent < PROBES ? spacing : Math.max(PATIENCE, 2 * trip));
    return this.#candidate;
  }

  /** The probe that was due has been sent, with that number and length. */
  onProbe(probe: number, bytes: number): void {
    this.#numbers[probe % REMEMBERED] = probe;
    this.#sizes[probe % REMEMBERED] = bytes;
  }

  onAnswer(now: number, probe: number): void {
    if (this.#numbers[probe % REMEMBERED] !== probe) return;
    const bytes = this.#sizes[probe % REMEMBERED]!;
    const relieved = this.#cramped && bytes >= this.#least;
    if (relieved) this.#cramped = false;
    if (this.#state === "doubtful" && bytes < this.size) this.#onShortAnswer(now);
    else if (bytes > this.size || relieved || this.#state === "doubtful") this.#confirm(now, bytes);
  }

  /** The link is not cut: from now on it counts that long ones are not answered. */
  #onShortAnswer(now: number): void {
    if (this.#shortAnswered) return;
    this.#shortAnswered = true;
    this.#sent = 0;
    this.probeAt = now;
  }

  #confirm(now: number, bytes: number): void {
    this.size = Math.max(this.size, bytes);
    this.#tooLong = Math.max(this.#tooLong, bytes + 1);
    this.#search(now);
  }

  /** The system does not take one of that length. */
  onTooLong(now: number, bytes: number): void {
    if (bytes <= this.#least) {
      this.#cramp(now);
      return;
    }
    this.#tooLong = Math.min(this.#tooLong, bytes);
    if (this.size >= bytes) this.size = this.#least;
    else if (this.#state !== "searching" || this.#candidate < bytes) return;
    this.#search(now);
  }

  /** Long datagrams have not been acknowledged for a while, or not since `whole` has changed. */
  onDoubt(now: number): void {
    if (this.#state === "doubtful" || this.#cramped) return;
    this.#state = "doubtful";
    this.#candidate = this.size;
    this.#sent = 0;
    this.#shortAnswered = false;
    this.#shortNext = false;
    this.probeAt = now;
  }

  get #short(): number {
    return Math.min(this.telling, LEAST_WHOLE);
  }

  /** All probes of the candidate are out, and their time is over. False if that says nothing. */
  #judge(now: number): boolean {
    const doubtful = this.#state === "doubtful";
    if (doubtful && !this.#shortAnswered) return false;
    if (this.#candidate === this.#least) this.#cramp(now);
    else {
      this.#tooLong = Math.min(this.#tooLong, this.#candidate);
      if (doubtful) this.size = this.#least;
      this.#search(now);
    }
    return true;
  }

  #cramp(now: number): void {
    this.#cramped = true;
    this.size = this.#least;
    this.#state = "complete";
    this.#sent = 0;
    this.probeAt = now + RAISE_AFTER;
  }

  #search(now: number): void {
    this.#sent = 0;
    this.#candidate = this.#next();
    this.#state = this.#candidate === 0 ? "complete" : "searching";
    if (this.#state === "searching") this.probeAt = now;
    else this.probeAt = this.size < this.#ceiling ? now + RAISE_AFTER : Number.POSITIVE_INFINITY;
  }

  /** What to try next: the most likely first, then as much as there could be, then halfway; 0 if there is nothing. */
  #next(): number {
    if (this.#cramped) return this.#least;
    const [low, high] = [this.size, this.#tooLong];
    if (high > this.#ceiling) {
      const ethernet = ETHERNET_MTU - this.#headers;
      if (low < ethernet && ethernet < this.#ceiling) return ethernet;
      return low < this.#ceiling ? this.#ceiling : 0;
    }
    const common = COMMON_MTUS.map((mtu) => mtu - this.#headers).filter((size) => size > low && size < high);
    if (common.length > 0) return common[common.length >> 1]!;
    return high - low <= GRAIN ? 0 : (low + high) >> 1;
  }
}
