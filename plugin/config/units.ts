/** Quantities as people write them: durations, sizes and rates. Pure; undefined stands for "not such a text". */

const milliseconds = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** KB is 1024 bytes here, as sockets and page caches count; KiB means the same. */
const bytes = new Map([
  ["B", 1],
  ["KB", 2 ** 10],
  ["KiB", 2 ** 10],
  ["MB", 2 ** 20],
  ["MiB", 2 ** 20],
  ["GB", 2 ** 30],
  ["GiB", 2 ** 30],
]);

/** Powers of ten, as links are sold and as tc(8) counts. */
const bitsPerSecond = new Map([
  ["bit", 1],
  ["kbit", 1e3],
  ["mbit", 1e6],
  ["gbit", 1e9],
]);

export const durationPattern = /^(\d+(?:\.\d+)?) ?(ms|s|m|h)$/;
export const sizePattern = /^(\d+(?:\.\d+)?) ?([KMG]i?B|B)$/;
export const ratePattern = /^(\d+(?:\.\d+)?) ?([kmg]?bit)$/;

function scaled(text: string, pattern: RegExp, units: ReadonlyMap<string, number>) {
  const [, amount, name] = pattern.exec(text) ?? [];
  const scale = units.get(name ?? "");
  if (amount === undefined || scale === undefined) return undefined;
  return Math.round(Number(amount) * scale);
}

/** `250ms`, `1.5s`, `5m`, `1h` in milliseconds. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, durationPattern, milliseconds);
}

/** `512B`, `64KB`, `1.5MB`, `1GB` in bytes. */
export function parseSize(text: string): number | undefined {
  return scaled(text, sizePattern, bytes);
}

/** `512kbit`, `100mbit`, `2.5gbit` in bits per second. */
export function parseRate(text: string): number | undefined {
  return scaled(text, ratePattern, bitsPerSecond);
}

function written(value: number, units: readonly (readonly [string, number])[]): string {
  for (const [unit, scale] of units)
    if (value >= scale && value % scale === 0) return `${value / scale}${unit}`;
  return `${value}${units.at(-1)?.[0] ?? ""}`;
}

/** The shortest whole text for so many milliseconds: 60000 is `1m`. */
export function formatDuration(value: number): string {
  return written(value, [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ]);
}

/** The shortest whole text for so many bytes: 65536 is `64KB`. */
export function formatSize(value: number): string {
  return written(value, [
    ["GB", 2 ** 30],
    ["MB", 2 ** 20],
    ["KB", 2 ** 10],
    ["B", 1],
  ]);
}

/** The shortest whole text for so many bits per second: 100000000 is `100mbit`. */
export function formatRate(value: number): string {
  return written(value, [
    ["gbit", 1e9],
    ["mbit", 1e6],
    ["kbit", 1e3],
    ["bit", 1],
  ]);
}
