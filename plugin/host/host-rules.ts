import { existsSync } from "node:fs";
import {
  type Address,
  type LanConfig,
  lansOf,
  type PortConfig,
  type SteeringConfig,
  type SteeringForm,
} from "../config/index.js";
import { ensureDevice, resetDevice } from "./device.js";
import { TransparentTable } from "./nftables.js";
import { requirePrivileges } from "./privileges.js";
import { ensureRouting, removeRouting } from "./routing.js";
import { applySysctls, resetSysctls } from "./sysctl.js";

export interface HostRulesOptions {
  readonly form: SteeringForm;
  readonly port: PortConfig;
  /** What the host itself is to reach by the port, with the form `rewrite`: the peers. */
  readonly ways: readonly Address[];
  /** TCP port of the transparent listener. */
  readonly listenPort: number;
  readonly steering: Pick<
    SteeringConfig,
    "mark" | "ownMark" | "routeTable" | "ownRouteTable" | "rulePriority"
  >;
}

/**
 * The host's side of steering, in the network namespace of this process: the local ports' addresses, links and
 * settings; the nftables table that hands intercepted TCP to the transparent listener; and routes of our own, by which
 * sockets with `steering.ownMark` (SO_MARK) leave through the local port. The host's own rules, routes and settings
 * stay as they are. With the form `rewrite` there is neither the table nor policy routing: sockets are bound to the port's
 * device, for which there are routes of the lowest preference among the host's own.
 *
 * `ensure` and `remove` can be called at any time, in any state of the host, again and again; calls take turns.
 */
export class HostRules {
  readonly #options: HostRulesOptions;
  readonly #table: TransparentTable;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: HostRulesOptions) {
    this.#options = options;
    this.#table = new TransparentTable(options);
  }

  /** Makes everything as it should be; also adopts or replaces what a killed predecessor left. Throws HostError. */
  ensure(): Promise<void> {
    return this.#next(async () => {
      requirePrivileges();
      for (const lan of this.#lans) {
        applySysctls(lan.name, hasIpv6(lan));
        await ensureDevice(lan, this.#options.port.mtu);
      }
      await ensureRouting(this.#options);
      if (this.#options.form === "transparent") await this.#table.ensure();
      else await this.#table.remove();
    });
  }

  /** Removes everything of ours, a predecessor's included. What is gone already is no error. Throws HostError. */
  remove(): Promise<void> {
    return this.#next(async () => {
      requirePrivileges();
      await this.#table.remove();
      await removeRouting(this.#options);
      for (const lan of this.#lans) {
        await resetDevice(lan);
        resetSysctls(lan.name, hasIpv6(lan));
      }
    });
  }

  get #lans(): readonly LanConfig[] {
    return lansOf(this.#options.port);
  }

  #next(body: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(body);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function hasIpv6({ addresses }: LanConfig): boolean {
  return existsSync("/proc/sys/net/ipv6") && addresses.some(({ family }) => family === 6);
}
