import { check, sys } from "./libc.js";

const PR_SET_TIMERSLACK = 29;

/** How much later than asked the kernel may wake the calling thread; its default is 50,000 ns. */
export function setTimerSlack(nanoseconds: number): void {
  check(sys.prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0), "prctl", "PR_SET_TIMERSLACK");
}

/** CLOCK_MONOTONIC in nanoseconds; a double is exact for a hundred days of uptime and within 1 ns beyond. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint());
}
