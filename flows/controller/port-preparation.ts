import type { BridgeFlows } from "./bridge-flows.js";
import type { LocalPort, SteeringOptions } from "./options.js";
import type { SteeredPorts } from "./policy.js";
import type { PortNumbers } from "./switch-ports.js";

/** What stands between ports that the database names and their use. */
export type Preparation =
  | { readonly ready: SteeredPorts }
  /** The switch is about to do what it has been asked for. */
  | { readonly waiting: string };

/** Makes ports that have come or changed ready to be steered to. */
export class PortPreparation {
  readonly #flows: BridgeFlows;
  readonly #names: { readonly local: string; readonly canary: string };
  readonly #prepareHost: SteeringOptions["prepareHost"];
  readonly #preparing: (port: LocalPort) => void;
  #prepared: string | undefined;

  /** `preparing` is told of a port for which the host is being prepared. */
  constructor(
    flows: BridgeFlows,
    options: SteeringOptions & { readonly localPort: string },
    preparing: (port: LocalPort) => void,
  ) {
    this.#flows = flows;
    this.#names = { local: options.localPort, canary: options.canary };
    this.#prepareHost = options.prepareHost;
    this.#preparing = preparing;
  }

  /** The devices may be others from now on, as after a reconnection. */
  forget(): void {
    this.#prepared = undefined;
  }

  /** The ports, once bridge and database agree about them and the host is prepared. Rejects as `prepareHost` does. */
  async prepare({
    local: ofport,
    canary,
    passFrom,
    ifindex,
    mac: wanted,
  }: PortNumbers): Promise<Preparation> {
    const ports = await this.#flows.ports();
    const [local, alive] = [ports.get(this.#names.local), ports.get(this.#names.canary)];
    const mac = local && macText(local.hardwareAddress);
    if (local?.port !== ofport || alive?.port !== canary || (wanted ?? mac) !== mac) {
      return { waiting: `the switch has not finished with port ${this.#names.local}` };
    }
    const steered = { local: { name: this.#names.local, ofport, mac: mac!, ifindex }, canary, passFrom };
    const device = JSON.stringify(steered);
    if (device !== this.#prepared) {
      await this.#flows.quieten(alive);
      this.#preparing(steered.local);
      await this.#prepareHost?.(steered.local);
      this.#prepared = device;
    }
    return { ready: steered };
  }
}

function macText(mac: bigint): string {
  return mac
    .toString(16)
    .padStart(12, "0")
    .replace(/..(?!$)/g, "$&:");
}
