import { chooseCongestionControl } from "../../demo/congestion-control.js";
import { type Contender, hostPair } from "../contender.js";

/** The hosts' own TCP, over the same switches, routers and WAN. */
export function direct(name: "cubic" | "bbr"): Contender {
  const pair = hostPair(name === "cubic" ? 2 : 3);
  return {
    name,
    description: `direct TCP, ${name} at the sender, buffers up to 64 MB, no encryption`,
    ...pair,
    start: (lab) => chooseCongestionControl(lab, pair.server, name),
    stop: async () => {},
    processes: {},
  };
}
