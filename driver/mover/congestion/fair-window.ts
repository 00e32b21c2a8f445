/** Of CUBIC (RFC 9438 §5), windows in datagrams and times in seconds. */
const C = 0.4;
const BETA = 0.7;
/** What Reno with this β gains in a round trip, datagrams (RFC 9438 §4.3). */
const RENO_STEP = (3 * (1 - BETA)) / (1 + BETA);
/** Most growth in a round. */
const GREATEST_STEP = 1.5;
const LEAST_WINDOW = 2;

/**
 * The window that a CUBIC connection would have beside others that fill the queue: whoever shares with such must
 * behave like one of them, or gets everything or nothing. Bytes and milliseconds outside.
 */
export class FairWindow {
  readonly #datagram: number;
  /** Datagrams. */
  #window = 0;
  #origin = 0;
  #inflection = 0;
  #reno = 0;
  #since = 0;

  /** `datagram`: a full one's bytes on the wire. */
  constructor(datagram: number) {
    this.#datagram = datagram;
  }

  get bytes(): number {
    return this.#window * this.#datagram;
  }

  /** Begins with what has been in flight. */
  begin(now: number, bytes: number): void {
    this.#window = Math.max(bytes / this.#datagram, LEAST_WINDOW);
    this.#origin = this.#window;
    this.#restart(now);
  }

  /** So much time has passed in which the window was used. */
  grow(now: number, roundTrip: number, time: number): void {
    const seconds = (now - this.#since + roundTrip) / 1000;
    const cubic = this.#origin + C * (seconds - this.#inflection) ** 3;
    this.#reno += (RENO_STEP * time) / roundTrip;
    this.#window = Math.min(Math.max(cubic, this.#reno, this.#window), this.#window * GREATEST_STEP);
  }

  /** The queue has overflowed. */
  onLoss(now: number): void {
    this.#origin = this.#window < this.#origin ? (this.#window * (1 + BETA)) / 2 : this.#window;
    this.#window = Math.max(this.#window * BETA, LEAST_WINDOW);
    this.#restart(now);
  }

  /** The window was not used for so long (milliseconds). */
  pause(time: number): void {
    this.#since += time;
  }

  #restart(now: number): void {
    this.#since = now;
    this.#inflection = Math.cbrt(Math.max(this.#origin - this.#window, 0) / C);
    this.#reno = this.#window;
  }
}
