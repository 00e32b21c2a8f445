/** Quantities for people, with as many digits as they can use. */

/** "1.23", "12.3", "123". */
export function digits(value: number): string {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toFixed(decimals);
}

/** Bytes in powers of ten: "12.3 MB". */
export function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`;
}

/** Bits per second: "91.4 Mbit/s". */
export function megabits(rate: number): string {
  return `${digits(rate / 1e6)} Mbit/s`;
}

/** "1,234,567". */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
