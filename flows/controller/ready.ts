import type { EventEmitter } from "node:events";
import type { SteeringEvents, SteeringStatus } from "./options.js";

/** What says how it is, and when that changes. */
export interface Reporting extends EventEmitter<SteeringEvents> {
  status(): SteeringStatus;
}

/** Resolves when the state is `in-sync`. Rejects after `timeout` milliseconds, saying why it is not. */
export function untilInSync(steering: Reporting, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = ({ state }: SteeringStatus) => {
      if (state === "in-sync") end(resolve);
    };
    const end = (settle: () => void) => {
      clearTimeout(timer);
      steering.off("state", look);
      settle();
    };
    const timer = setTimeout(() => {
      const { bridge, state, reason = "no more is known" } = steering.status();
      end(() => reject(new Error(`${bridge} is ${state} after ${timeout} ms: ${reason}`)));
    }, timeout);
    steering.on("state", look);
    look(steering.status());
  });
}
