import { megabits, megabytes } from "./quantity.js";
import type { Screen } from "./screen.js";
import type { Series } from "./series.js";

/** A transfer at a moment. */
export interface Moment {
  readonly name: string;
  /** Bytes that came, and that there are. */
  readonly bytes: number;
  readonly size: number;
  /** Seconds since the start, and after which it is stopped. */
  readonly seconds: number;
  readonly limit: number;
  /** Lately, in bits per second. */
  readonly rate: number;
}

export const NAME_WIDTH = 15;
/** The line fits into 80 columns. */
const BAR_WIDTH = 14;
const LIVE_MS = 200;
const LINES_MS = 2_000;

/** One line: how far it is, how fast, and how long it takes still. */
export function describeMoment(moment: Moment, bar: boolean): string {
  const { name, bytes, size, rate } = moment;
  const share = Math.min(1, bytes / size);
  const filled = Math.floor(share * BAR_WIDTH);
  const drawn = bar ? `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ` : "";
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `${name.padEnd(NAME_WIDTH)}  ${drawn}${percent}  ${megabytes(bytes).padStart(8)}  ${megabits(rate).padStart(12)}  ${timeLeft(moment)}`;
}

function timeLeft({ bytes, size, seconds, limit, rate }: Moment): string {
  const toLimit = Math.max(0, limit - seconds);
  const toEnd = rate > 0 ? ((size - bytes) * 8) / rate : Number.POSITIVE_INFINITY;
  return toEnd <= toLimit ? `${Math.ceil(toEnd)} s left` : `stops in ${Math.ceil(toLimit)} s`;
}

/** Shows a transfer while it runs: on a terminal by one line that changes, elsewhere by a line now and then. */
export class Progress {
  readonly #timer: NodeJS.Timeout;
  readonly #screen: Screen;

  constructor(
    screen: Screen,
    { name, size, limit }: Pick<Moment, "name" | "size" | "limit">,
    series: Series,
    elapsed: () => number,
  ) {
    this.#screen = screen;
    const show = () => {
      const seconds = elapsed();
      const moment = { name, size, limit, seconds, bytes: series.bytes, rate: series.recentRate(seconds) };
      screen.live(`  ${describeMoment(moment, screen.isTerminal)}`);
    };
    this.#timer = setInterval(show, screen.isTerminal ? LIVE_MS : LINES_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#screen.clear();
  }
}
