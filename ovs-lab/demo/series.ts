/** A moment of a transfer: how many bytes had come after how many seconds. */
export interface Sample {
  readonly seconds: number;
  readonly bytes: number;
}

const STEP_SECONDS = 0.25;
const RECENT_SECONDS = 2;

/** A transfer's course, at even steps of time. Reads no clock: `seconds` since the start come in and do not go back. */
export class Series {
  readonly #samples: Sample[] = [{ seconds: 0, bytes: 0 }];
  #bytes = 0;
  #seconds = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** One at every step, and the last moment known. */
  get samples(): readonly Sample[] {
    const last = { seconds: this.#seconds, bytes: this.#bytes };
    return this.#samples.at(-1)!.seconds < last.seconds ? [...this.#samples, last] : this.#samples;
  }

  /** @param bytes that have come since the last time */
  add(seconds: number, bytes: number): void {
    this.#advance(seconds);
    this.#bytes += bytes;
  }

  /** Of the last two seconds, in bits per second. */
  recentRate(seconds: number): number {
    this.#advance(seconds);
    const since = seconds - RECENT_SECONDS;
    const start = this.#samples.findLast((sample) => sample.seconds <= since) ?? this.#samples[0]!;
    const elapsed = seconds - start.seconds;
    return elapsed > 0 ? ((this.#bytes - start.bytes) * 8) / elapsed : 0;
  }

  /** What had come by each step until now. */
  #advance(seconds: number): void {
    this.#seconds = Math.max(seconds, this.#seconds);
    while (this.#samples.length * STEP_SECONDS < this.#seconds) {
      this.#samples.push({ seconds: this.#samples.length * STEP_SECONDS, bytes: this.#bytes });
    }
  }
}

/** Bits per second around each moment, over `window` seconds: what a chart shows. */
export function throughput(
  samples: readonly Sample[],
  window: number,
): { readonly seconds: number; readonly rate: number }[] {
  let first = 0;
  return samples.slice(1).map(({ seconds, bytes }, index) => {
    while (first < index && samples[first + 1]!.seconds <= seconds - window) first++;
    const start = samples[first]!;
    return { seconds, rate: ((bytes - start.bytes) * 8) / (seconds - start.seconds) };
  });
}
