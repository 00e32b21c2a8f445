import { type Contender, hostPair } from "../contender.js";

/** Through ovs-tpo, which the lab runs. */
export function optimized(): Contender {
  return {
    name: "ovs-tpo",
    description: "through ovs-tpo in both sites' switches",
    ...hostPair(1),
    start: async () => {},
    stop: async () => {},
    processes: {},
  };
}
