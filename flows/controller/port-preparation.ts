import { PortState } from "openflow-ts";
import type { BridgeFlows } from "./bridge-flows.js";
import type { LocalPort, SteeringOptions } from "./options.js";
import type { SteeredPorts } from "./policy.js";
import type { PortNumbers } from "./switch-ports.js";

/** What stands between ports that the database names and their use. */
export type Preparation =
  | { readonly ready: SteeredPorts }
  /** The switch is about to do what it has been asked for. */
  | { readonly waiting: string };

/** Milliseconds that a link has for coming up. */
const LINK_TIMEOUT = 1000;

/** Makes ports that have come or changed, or whose link somebody has taken down, ready to be steered to. */
export class PortPreparation {
  readonly #flows: BridgeFlows;
  readonly #canary: string;
  readonly #prepareHost: SteeringOptions["prepareHost"];
  readonly #preparing: (ports: readonly LocalPort[]) => void;
  #prepared: string | undefined;
  #preparedAt = Number.NEGATIVE_INFINITY;

  /** `preparing` is told of the ports for which the host is being prepared. */
  constructor(
    flows: BridgeFlows,
    options: Pick<SteeringOptions, "canary" | "prepareHost">,
    preparing: (ports: readonly LocalPort[]) => void,
  ) {
    this.#flows = flows;
    this.#canary = options.canary;
    this.#prepareHost = options.prepareHost;
    this.#preparing = preparing;
  }

  /** The devices may be others from now on, as after a reconnection. */
  forget(): void {
    this.#prepared = undefined;
  }

  /** The ports, once bridge and database agree about them and the host is prepared. Rejects as `prepareHost` does. */
  async prepare({ local, canary, ...others }: PortNumbers): Promise<Preparation> {
    const ports = await this.#flows.ports();
    const alive = ports.get(this.#canary);
    if (alive?.port !== canary) return unfinished(this.#canary);
    const found: LocalPort[] = [];
    let isDown = Boolean(alive.state & PortState.LINK_DOWN);
    for (const { mac: wanted, ...numbers } of local) {
      const port = ports.get(numbers.name);
      const mac = port && macText(port.hardwareAddress);
      if (port?.port !== numbers.ofport || mac === undefined || (wanted ?? mac) !== mac) {
        return unfinished(numbers.name);
      }
      found.push({ ...numbers, mac });
      isDown ||= Boolean(port.state & PortState.LINK_DOWN);
    }
    const steered = { local: found, canary, ...others };
    const device = JSON.stringify(steered);
    const since = performance.now() - this.#preparedAt;
    if (device !== this.#prepared || (isDown && this.#prepareHost && since > LINK_TIMEOUT)) {
      await this.#flows.quieten(alive);
      this.#preparing(steered.local);
      await this.#prepareHost?.(steered.local);
      this.#prepared = device;
      this.#preparedAt = performance.now();
    }
    return { ready: steered };
  }
}

function unfinished(port: string): Preparation {
  return { waiting: `the switch has not finished with port ${port}` };
}

function macText(mac: bigint): string {
  return mac
    .toString(16)
    .padStart(12, "0")
    .replace(/..(?!$)/g, "$&:");
}
