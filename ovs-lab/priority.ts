import { setPriority } from "node:os";

/**
 * Beside both ends of a fast transfer on the same two cores, what carries the frames was up to 80 ms late at the ordinary
 * priority; at -20, receivers starved instead.
 */
const CARRIER_PRIORITY = -5;

/**
 * Gives the thread of that number, or the calling one, its turn before ordinary processes. Where a container may not, it
 * stays as it is, and the WAN's lateness shows what that costs.
 */
export function hurry(thread = 0): void {
  try {
    setPriority(thread, CARRIER_PRIORITY);
  } catch (error) {
    const { info } = error as { info?: { code?: string } };
    if (info?.code !== "EACCES" && info?.code !== "EPERM") throw error;
  }
}
