import { type Style, styleFor } from "./style.js";

/** What a screen needs of a stream: `process.stdout` has it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const DEFAULT_COLUMNS = 80;
/** ECMA-48 §8.3.41, EL: what is right of the cursor goes. */
const ERASE_LINE = "\r\x1b[K";

/** Lines that stay, and on a terminal below them one that changes. */
export class Screen {
  readonly isTerminal: boolean;
  readonly style: Style;
  readonly #output: Output;
  #isLive = false;

  constructor(output: Output, environment: NodeJS.ProcessEnv) {
    this.#output = output;
    this.isTerminal = output.isTTY === true && environment["TERM"] !== "dumb";
    this.style = styleFor(this.isTerminal, environment);
  }

  say(text = ""): void {
    this.clear();
    this.#output.write(`${text}\n`);
  }

  /** Takes the place of the last live line; where there is no terminal, it is a line like the others. */
  live(line: string): void {
    if (!this.isTerminal) {
      this.say(line);
      return;
    }
    // A line that wraps could not be taken back.
    const columns = this.#output.columns || DEFAULT_COLUMNS; // 0 where nobody knows
    this.#output.write(`${ERASE_LINE}${[...line].slice(0, columns - 1).join("")}`);
    this.#isLive = true;
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#isLive) this.#output.write(ERASE_LINE);
    this.#isLive = false;
  }
}
