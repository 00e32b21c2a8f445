import type { SwitchLayout } from "../pipeline/index.js";
import type { BridgeFlows } from "./bridge-flows.js";
import type { HeldPackets } from "./held-packets.js";
import type { Lease } from "./lease.js";
import { checkPlaces } from "./places.js";
import type { Policy, SteeredPorts } from "./policy.js";
import { COUNTS_PER_COMPARISON } from "./timing.js";

export interface InstallationOptions {
  readonly layout: SwitchLayout;
  readonly policy: Policy;
  readonly flows: BridgeFlows;
  readonly lease: Lease;
  readonly held: HeldPackets;
  /** The switch does what the policy says, by so many flows. */
  readonly installed: (flows: number) => void;
}

/** The one place from which flows are installed. All of it throws what the connection to the switch throws. */
export class Installation {
  readonly #options: InstallationOptions;
  #looks = 0;

  constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /** Before the first installation on a switch that is new, or was away. Throws where our place is another's. */
  async begin(): Promise<void> {
    const { policy, lease, held, flows, layout } = this.#options;
    policy.interrupt();
    lease.forget();
    await held.subscribe();
    // Where flows of ours are already, their place is ours, and what they say of peers must stay true.
    if (await flows.none()) await checkPlaces(flows, layout);
  }

  /** Has the switch do what the policy says of these ports, and take connections by it. Resolves to the number of changes. */
  async carryOut(ports: SteeredPorts): Promise<number> {
    const { policy, flows, lease, installed } = this.#options;
    const round = await flows.round();
    const { phases } = policy;
    const pipeline = policy.pipeline(ports, round);
    const changed = await flows.install(pipeline.flows);
    policy.installed(phases);
    installed(pipeline.flows.length);
    // Whoever has changed the others may have taken this one, too.
    if (changed > 0) lease.forget();
    // Where something else is wanted by now, that comes first.
    if (policy.pipeline(ports, round) === pipeline) lease.hold(pipeline);
    return changed;
  }

  /** Whether the flows that we have installed are still there; now and then also whether they are what they were. */
  async holds(ports: SteeredPorts): Promise<boolean> {
    const { policy, flows, lease } = this.#options;
    // Where we want others by now, what differs is not what somebody else has changed.
    if (policy.pipeline(ports, await flows.round()).flows !== flows.installed) return true;
    this.#looks = (this.#looks + 1) % COUNTS_PER_COMPARISON;
    if (this.#looks === 0) lease.forget();
    if (!(await flows.complete())) {
      policy.interrupt();
      return false;
    }
    return this.#looks !== 0;
  }
}
