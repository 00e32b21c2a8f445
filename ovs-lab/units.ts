import { LabError } from "./errors.js";

/** Quantities as people write them. Each throws {@link LabError} `BAD_OPTION`, naming the option, what it held and what was expected. */

const RATE_UNITS = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 } as const;
const TIME_UNITS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;
const BYTE_UNITS = { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 } as const;

/** "100mbit" in bits per second; undefined for "unlimited". */
export function parseRate(option: string, text: string): number | undefined {
  if (text === "unlimited") return undefined;
  const rate = quantity(text, RATE_UNITS);
  if (rate === undefined || rate <= 0)
    throw bad(option, text, "a rate such as 100mbit, 1.5gbit or unlimited");
  return rate;
}

/** "100ms" in nanoseconds. */
export function parseTime(option: string, text: string): number {
  const time = text === "0" ? 0 : quantity(text, TIME_UNITS);
  if (time === undefined) throw bad(option, text, "a time such as 100ms, 500us or 1s");
  return time;
}

/** "1%" as 0.01; up to `limit`. */
export function parseShare(option: string, text: string, limit = 1): number {
  const share = text === "0" ? 0 : quantity(text, { "%": 0.01 });
  if (share === undefined) throw bad(option, text, "a share of the frames such as 1% or 0.05%");
  if (share > limit) throw bad(option, text, `at most ${Number((limit * 100).toFixed(3))}%`);
  return share;
}

/** "64kb" (powers of ten) in bytes. */
export function parseBytes(option: string, text: string): number {
  const bytes = quantity(text, BYTE_UNITS);
  if (bytes === undefined) throw bad(option, text, "an amount of bytes such as 1250000, 64kb or 2mb");
  return bytes;
}

export function parseInteger(option: string, text: string | number, least: number, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most || `${text}`.trim() === "") {
    throw bad(option, `${text}`, `a whole number from ${least} to ${most}`);
  }
  return number;
}

export function bad(option: string, text: string, expected: string): LabError {
  return new LabError("BAD_OPTION", `${option} "${text}": expected ${expected}`);
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text.trim());
  const factor = match === null ? undefined : units[match[2]!.toLowerCase()];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
