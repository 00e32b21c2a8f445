import { type Contender, hostPair } from "../contender.js";

/** The hosts' own TCP, over the same switches, routers and WAN. The ground has set its congestion control. */
export function direct(name: "cubic" | "bbr"): Contender {
  return {
    name,
    description: `direct TCP, ${name} at the sender, buffers up to 64 MB, no encryption`,
    ...hostPair(name === "cubic" ? 2 : 3),
    start: async () => {},
    stop: async () => {},
    processes: {},
  };
}
