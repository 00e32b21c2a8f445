/**
 * The switch side of a plugin as a process of its own, which can be killed: holds the canary open and runs the steering.
 * What happens goes to standard output, a line of JSON each; what is to be done comes by standard input, likewise.
 */
import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { openTun } from "../../driver/ffi/index.js";
import {
  type Ends,
  type EntrySpec,
  LookupTable,
  parseAddress,
  Steering,
  type SwitchLayout,
  type TrunkPort,
  type Tuple,
} from "../../flows/index.js";

export interface PluginOptions {
  readonly runDirectory: string;
  readonly table: readonly EntrySpec[];
  readonly passFrom?: readonly string[];
  readonly canary?: string;
  readonly vlan?: number;
  readonly trunk?: readonly TrunkPort[];
  readonly localPort?: string;
  readonly instance?: number;
  readonly rewrite?: boolean;
  readonly layout?: Partial<SwitchLayout>;
}

/** As `10.1.0.11 40000 10.2.0.11 80`. */
type EndsText = string;

export type PluginCommand =
  | { readonly do: "peers"; readonly up: readonly string[] }
  | { readonly do: "table"; readonly table: readonly EntrySpec[] }
  | { readonly do: "list" }
  | { readonly do: "explain"; readonly tuple: Tuple }
  | { readonly do: "translate"; readonly outside: EndsText; readonly inside: EndsText }
  | { readonly do: "stop" };

function ends(text: EndsText): Ends {
  const [source = "", sourcePort, destination = "", destinationPort] = text.split(" ");
  const { family, value } = parseAddress(source)!;
  return {
    ...{ family, source: value, sourcePort: Number(sourcePort) },
    ...{ destination: parseAddress(destination)!.value, destinationPort: Number(destinationPort) },
  };
}

const say = (event: Record<string, unknown>) =>
  process.stdout.write(
    `${JSON.stringify(event, (_key, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}\n`,
  );

const { table, canary = "tpo0-alive", ...options } = JSON.parse(process.argv[2]!) as PluginOptions;
openTun({ name: canary, mode: "tap" });
execFileSync("ip", ["link", "set", canary, "up"]);
const steering = new Steering({
  bridge: "br0",
  canary,
  table: new LookupTable(table),
  prepareHost: (ports) => {
    for (const { name, ...port } of ports) {
      execFileSync("ip", ["link", "set", name, "up"]);
      say({ event: "port", name, ...port });
    }
  },
  ...options,
});

steering.on("state", (status) => say({ event: "state", ...status }));
steering.on("repaired", (changed) => say({ event: "repaired", changed }));
steering.start();

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as PluginCommand;
  if (command.do === "peers") {
    steering.setPeersUp(command.up);
    say({ event: "applied", done: await steering.applied() });
  }
  if (command.do === "table") steering.setTable(new LookupTable(command.table));
  if (command.do === "list") say({ event: "list", flows: await steering.flows() });
  if (command.do === "explain") say({ event: "explained", because: steering.explain(command.tuple).because });
  if (command.do === "translate") {
    await steering.translate({ outside: ends(command.outside), inside: ends(command.inside) });
    say({ event: "translated" });
  }
  if (command.do === "stop") break;
}
await steering.stop();
process.exit(0);
