import type { Lab } from "../lab.js";
import { ip } from "../namespace.js";
import { DemoError } from "./error.js";

/**
 * Chooses a host's congestion control by its default route. The sysctl of the same name would not do: within a namespace
 * the kernel allows it only what the machine's own tcp_allowed_congestion_control has, which is not ours to change.
 * @throws DemoError `NO_CONGESTION_CONTROL`
 */
export async function chooseCongestionControl(lab: Lab, node: string, name: string): Promise<void> {
  const { namespace, site } = lab.topology.node(node);
  const { gateways } = lab.topology.site(site);
  try {
    await ip([`route replace default via ${gateways.ipv4} congctl ${name}`], namespace);
  } catch (cause) {
    throw new DemoError(
      "NO_CONGESTION_CONTROL",
      `this kernel does not give ${node} the congestion control ${name}; try: modprobe tcp_${name} (${(cause as Error).message})`,
      { cause },
    );
  }
}

/** What the kernel says that the server's side of an open connection runs, of those in `known`; null if it is not there (any more). */
export async function observeCongestionControl(
  lab: Lab,
  node: string,
  port: number,
  known: readonly string[],
): Promise<string | null> {
  const filter = ["state", "established", "(", "sport", "=", `:${port}`, ")"];
  const { stdout } = await lab.exec(node, ["ss", "--tcp", "--info", "--numeric", "--no-header", ...filter]);
  const words = stdout.split(/\s+/);
  return known.find((name) => words.includes(name)) ?? null;
}
