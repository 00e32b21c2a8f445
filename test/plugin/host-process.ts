/**
 * A process for the tests of the host rules, to be run in a network namespace: it holds HostRules and transparent
 * sockets as the plugin does. Requests are lines of JSON on stdin (`[verb, …arguments]`); each is answered by a line.
 */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { addressBytes } from "../../driver/ip-address.js";
import { descriptorOf } from "../../plugin/edge/tcp/handle.js";
import { plainClass } from "../../plugin/edge/tcp/traffic-class.js";
import { dialTransparent, listenTransparent } from "../../plugin/edge/tcp/transparent.js";
import { HostRules, type HostRulesOptions, Keeper } from "../../plugin/host/index.js";

const options = JSON.parse(process.argv[2] ?? "null") as HostRulesOptions | null;
const rules = options === null ? undefined : new HostRules(options);

function required(): { rules: HostRules; options: HostRulesOptions } {
  if (rules === undefined || options === null) throw new Error("started without options");
  return { rules, options };
}

function own() {
  return { mark: required().options.steering.ownMark };
}

/** Echoes, after a line that tells both ends as this side sees them; `bye` makes this side close. */
function greet(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  socket.write(`${socket.localAddress}:${socket.localPort} ${socket.remoteAddress}:${socket.remotePort}\n`);
  socket.on("data", (data) => (data.toString() === "bye" ? socket.end() : socket.write(data)));
}

function exchange(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    socket.setTimeout(3000, () => socket.destroy(new Error("ETIMEDOUT in the test")));
    socket.on("data", (data) => {
      heard += data.toString();
      if (text !== "bye" && heard.endsWith(text)) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
    socket.write(text);
  });
}

/** Connections that stay, by name. */
const kept = new Map<string, Socket>();
const failures = new Map<string, string | undefined>();

const verbs: Record<string, (...args: string[]) => Promise<unknown> | unknown> = {
  ensure: () => required().rules.ensure(),
  remove: () => required().rules.remove(),
  /** The plugin's listener, for both families; they outlive this process so many seconds. */
  intercept: async (afterlife = "") => {
    const descriptors: number[] = [];
    for (const family of ["ipv4", "ipv6"] as const) {
      const { listenPort } = required().options;
      const server = await listenTransparent({ ...own(), family, port: listenPort, onConnection: greet });
      descriptors.push(descriptorOf(server)!);
    }
    if (afterlife !== "") new Keeper({ descriptors, lost: () => undefined, afterlife: Number(afterlife) });
  },
  /** The plugin's onward connection, in the name of `from`. */
  onward: (from = "", fromPort = "", to = "", toPort = "", text = "") => {
    const [source, destination] = [addressBytes(from), addressBytes(to)];
    const ports = { sourcePort: Number(fromPort), destinationPort: Number(toPort) };
    const addresses = { source, destination, ...ports };
    return exchange(dialTransparent({ addresses, trafficClass: plainClass(15_000), dscp: 0 }, own()), text);
  },
  /** An application's server. */
  serve: (address = "", port = "") =>
    new Promise<void>((resolve) => createServer(greet).listen(Number(port), address, () => resolve())),
  /** An application's client. */
  connect: (address = "", port = "", text = "", localPort = "0") =>
    exchange(connect({ host: address, port: Number(port), localPort: Number(localPort) }), text),
  keep: (name = "", address = "", port = "") =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), address, () => resolve());
      socket.on("error", (error: NodeJS.ErrnoException) => {
        failures.set(name, error.code);
        reject(error);
      });
      kept.set(name, socket);
    }),
  /** How a connection ends, or has ended. */
  ending: async (name = "") => {
    const socket = kept.get(name)!;
    const hangs = AbortSignal.timeout(10_000);
    if (!socket.closed) await once(socket, "close", { signal: hangs }).catch(() => undefined);
    return hangs.aborted ? "it hangs" : (failures.get(name) ?? "closed");
  },
  speak: (name = "", text = "") => {
    const socket = kept.get(name);
    if (socket === undefined) throw new Error(`no connection ${name}`);
    socket.removeAllListeners();
    return exchange(socket, text);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...args] = JSON.parse(line) as [string, ...string[]];
  try {
    const result = await verbs[verb]?.(...args);
    console.log(JSON.stringify({ result: result ?? null }));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    console.log(JSON.stringify({ error: { code: code ?? "", message } }));
  }
}
process.exit();
