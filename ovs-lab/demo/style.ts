/** Marks up words for a terminal; where there is none, it leaves them as they are. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

// ECMA-48 §8.3.117, SGR.
const sgr = (start: number, end: number) => (text: string) => `\x1b[${start}m${text}\x1b[${end}m`;
const same = (text: string) => text;

export const coloured: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), bad: sgr(31, 39) };
export const plain: Style = { bold: same, dim: same, good: same, bad: same };

/** Colour on terminals that can, unless the user wants none (no-color.org: set, and not empty). */
export function styleFor(isTerminal: boolean, environment: NodeJS.ProcessEnv): Style {
  const { NO_COLOR = "", TERM } = environment;
  return isTerminal && NO_COLOR === "" && TERM !== "dumb" ? coloured : plain;
}
