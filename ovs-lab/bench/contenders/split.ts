import { writeFileSync } from "node:fs";
import { must } from "../../command.js";
import type { Lab } from "../../lab.js";
import { type Contender, hostPair } from "../contender.js";
import { Service } from "../service.js";
import { prepareRouters } from "./routers.js";

const PORT = 4800;
const MARK = 0x48;
const ROUTE_TABLE = 148;

/**
 * What is to be had for nothing: HAProxy in both sites' routers, taking the connections by TPROXY and opening them again
 * from the client's address, so that the WAN's part of the way is the kernel's own TCP with bbr.
 */
export class Split implements Contender {
  readonly name = "split";
  readonly description =
    "HAProxy with TPROXY in both sites' routers, splicing, bbr over the WAN, no encryption";
  readonly client = hostPair(4).client;
  readonly server = hostPair(4).server;
  readonly address = hostPair(4).address;
  readonly port = hostPair(4).port;
  #services: Readonly<Record<string, Service>> = {};

  get processes() {
    return Object.fromEntries(Object.entries(this.#services).map(([name, { child }]) => [name, child]));
  }

  async start(lab: Lab): Promise<void> {
    const hosts = [this.client, this.server].map(
      (node) => lab.topology.node(node).addresses[0]!.split("/")[0]!,
    );
    await prepareRouters(lab);
    const started: Record<string, Service> = {};
    this.#services = started;
    for (const { name, router } of lab.topology.sites) {
      const configuration = `${lab.directory}/haproxy-${name}.cfg`;
      writeFileSync(configuration, HAPROXY);
      started[`haproxy ${name}`] = await Service.start({
        lab,
        node: router.name,
        argv: ["haproxy", "-db", "-f", configuration],
        listensOn: PORT,
      });
      const within = (...words: string[]) => ["ip", "netns", "exec", router.namespace, ...words];
      await must(within("nft", "-f", "-"), { input: interception(hosts) });
      await must(within("ip", "rule", "add", "fwmark", `${MARK}`, "lookup", `${ROUTE_TABLE}`));
      const everything = ["local", "0.0.0.0/0", "dev", "lo", "table", `${ROUTE_TABLE}`];
      await must(within("ip", "route", "replace", ...everything));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#services).map((service) => service.stop()));
    this.#services = {};
  }
}

/** Address 0.0.0.0 and port 0 of a server mean those that the client wanted (HAProxy's configuration manual, `server`). */
const HAPROXY = `global
  maxconn 4096
  tune.bufsize 65536
  tune.pipesize 1048576
defaults
  mode tcp
  maxconn 4096
  backlog 4096
  option splice-auto
  timeout connect 20s
  timeout client 1h
  timeout server 1h
listen split
  bind 0.0.0.0:${PORT} transparent
  source 0.0.0.0 usesrc clientip
  server wanted 0.0.0.0:0
`;

/** Packets of the pair's connections go to HAProxy, whichever side of it they belong to. */
function interception(hosts: readonly string[]): string {
  const pair = `{ ${hosts.join(", ")} }`;
  return `table ip bench_split
flush table ip bench_split
table ip bench_split {
  chain prerouting {
    type filter hook prerouting priority mangle;
    ip saddr != ${pair} return
    ip daddr != ${pair} return
    meta l4proto tcp socket transparent 1 socket wildcard 0 meta mark set ${MARK} accept
    meta l4proto tcp tproxy to :${PORT} meta mark set ${MARK} accept
  }
}
`;
}
