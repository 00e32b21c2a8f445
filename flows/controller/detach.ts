import { setTimeout as sleep } from "node:timers/promises";
import type { BridgeFlows } from "./bridge-flows.js";
import type { SwitchPorts } from "./switch-ports.js";

/** Milliseconds for vswitchd to take our ports away once the database has none. */
const PORT_TIMEOUT = 5000;
const PORT_INTERVAL = 20;

export interface Attachment {
  /** Absent without a connection to the switch. */
  readonly flows: BridgeFlows | undefined;
  /** Absent without a connection to the database. */
  readonly ports: SwitchPorts | undefined;
  /** Whether anything of this process can be on the bridge. */
  readonly attached: boolean;
}

/** Takes flows and ports off the bridge. Resolves to what had to be left there, and why; to nothing where nothing was. */
export async function detach({ flows, ports, attached }: Attachment): Promise<string | undefined> {
  const left: string[] = [];
  const attempt = async (what: string, body: () => Promise<void>) => {
    try {
      await body();
    } catch (error) {
      left.push(`${what} (${error instanceof Error ? error.message : String(error)})`);
    }
  };
  if (flows) await attempt("flows", () => flows.remove());
  else if (attached) left.push("flows (no connection to the switch)");
  if (ports) {
    await attempt("ports", async () => {
      const names = ports.names();
      await ports.remove();
      if (flows) await gone(flows, names);
      await ports.removeBridge();
    });
  } else if (attached) left.push("ports (no connection to the database)");
  return left.length > 0 ? `left on the bridge: ${left.join(", ")}` : undefined;
}

async function gone(flows: BridgeFlows, names: readonly string[]): Promise<void> {
  for (const end = performance.now() + PORT_TIMEOUT; ; await sleep(PORT_INTERVAL)) {
    const ports = await flows.ports();
    if (!names.some((name) => ports.has(name))) return;
    if (performance.now() > end) throw new Error("the switch has not taken them off");
  }
}
