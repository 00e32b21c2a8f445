/** The one nftables table of ours: it hands intercepted TCP to the transparent listener. */

import { lansOf } from "../config/index.js";
import { type Program, run } from "./command.js";
import { HostError } from "./error.js";
import type { HostRulesOptions } from "./host-rules.js";

const program: Program = "nft";

/** One table for each local port, so that two plugins on a host never meet. */
export function tableName(port: string): string {
  return `ovs_tpo_${port.replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
}

/**
 * The ruleset, as `nft -f` takes it. Replaces our table as a whole, in one transaction.
 *
 * A packet that belongs to a transparent socket already (an established connection, or the answer to one that we
 * opened in a client's name) is marked, and so routed to this host. Any other is given to the listener first. A SYN
 * always goes there, since only `tproxy` reopens a connection that is in TIME_WAIT. What no listener takes is dropped:
 * the switch sent it for us, and the host must not forward it.
 */
export function ruleset({ port, listenPort, steering }: HostRulesOptions): string {
  const mark = `meta mark set 0x${steering.mark.toString(16)}`;
  const name = tableName(port.name);
  const lans = lansOf(port);
  const addresses = lans.flatMap((lan) => lan.addresses);
  const own = addresses.map(
    ({ family, address }) => `    ${family === 4 ? "ip" : "ip6"} daddr ${address} accept`,
  );
  const families = [...new Set(addresses.map(({ family }) => family))];
  const tproxy = families.map(
    (family) =>
      `    meta nfproto ipv${family} meta l4proto tcp tproxy ${family === 4 ? "ip" : "ip6"} to :${listenPort} ${mark} accept`,
  );
  return [
    `table inet ${name}`,
    `delete table inet ${name}`,
    `table inet ${name} {`,
    "  chain prerouting {",
    "    type filter hook prerouting priority mangle; policy accept;",
    `    iifname != ${lans.length === 1 ? `"${port.name}"` : `{ ${lans.map((lan) => `"${lan.name}"`).join(", ")} }`} accept`,
    "    meta l4proto != tcp accept",
    ...own,
    `    tcp flags & (syn | ack) != syn socket transparent 1 ${mark} accept`,
    ...tproxy,
    "    drop",
    "  }",
    "}",
    "",
  ].join("\n");
}

/** What the kernel holds of our table, or undefined if there is none. Equal texts mean equal rules. */
async function listing(name: string): Promise<string | undefined> {
  try {
    const text = await run(program, ["-j", "list", "table", "inet", name]);
    // Handles count up with every replacement of the table; the rules say nothing by them.
    return JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === "handle" ? undefined : value));
  } catch (error) {
    if (error instanceof HostError && /No such file or directory/.test(error.message)) return undefined;
    throw error;
  }
}

export class TransparentTable {
  readonly #name: string;
  readonly #ruleset: string;
  /** The kernel's view of the table after we wrote it. */
  #applied: string | undefined;

  constructor(options: HostRulesOptions) {
    this.#name = tableName(options.port.name);
    this.#ruleset = ruleset(options);
  }

  /** Writes the table unless it is in the kernel as we wrote it. */
  async ensure(): Promise<void> {
    if (this.#applied !== undefined && (await listing(this.#name)) === this.#applied) return;
    await run(program, ["-f", "-"], this.#ruleset);
    this.#applied = await listing(this.#name);
  }

  async remove(): Promise<void> {
    this.#applied = undefined;
    if ((await listing(this.#name)) !== undefined)
      await run(program, ["delete", "table", "inet", this.#name]);
  }
}
