/** `ovs-tpo check`: whether the plugin could run here, one finding a line. Changes nothing. */

import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { findBridge, findInterface, findPort, switchDatabase } from "ovsdb-client/open-vswitch";
import * as ffi from "../driver/ffi/index.js";
import { formatKey } from "../driver/security/index.js";
import { OWNER_KEY, reach } from "../flows/index.js";
import { type Config, ConfigError, formatEndpoint, lansOf, loadConfig } from "./config/index.js";
import { ControlError, request } from "./control.js";
import {
  deviceExists,
  type Lack,
  missingPrivileges,
  missingWishes,
  requireCongestionControl,
  requireDescriptors,
  version,
} from "./host/index.js";
import { readKeys } from "./keys.js";

export interface Finding {
  readonly subject: string;
  /** `note`: nothing that would keep the plugin from running. */
  readonly outcome: "ok" | "note" | "failed";
  readonly detail: string;
}

/** How long the switch may take to answer, in milliseconds. */
const patience = 5000;

function ok(subject: string, detail: string): Finding {
  return { subject, outcome: "ok", detail };
}

/** Runs a check whose failure is an error. */
async function attempt(subject: string, body: () => Promise<string> | string): Promise<Finding> {
  try {
    return ok(subject, await body());
  } catch (error) {
    return { subject, outcome: "failed", detail: (error as Error).message };
  }
}

/** All findings, in order, as they come. */
export async function* check(file: string): AsyncGenerator<Finding> {
  const { config, findings } = checkConfig(file);
  yield* findings;
  yield await attempt("ip", () => version("ip"));
  yield await attempt("nft", () => version("nft"));
  yield* checkPrivileges();
  yield await attempt("tun", checkTun);
  yield await attempt("descriptors", () => `enough for ${requireDescriptors()} connections`);
  if (config === undefined) return;
  yield* checkClasses(config);
  yield await checkKeys(config);
  yield* checkSwitch(config);
  if (missingPrivileges().length === 0) yield* checkPorts(config);
}

function checkConfig(file: string): { config?: Config; findings: Finding[] } {
  const subject = "configuration";
  try {
    const config = loadConfig(file);
    const { site, peers, bridges } = config;
    const entries = bridges.reduce((sum, { table }) => sum + table.entries.length, 0);
    const detail = `site ${site}, peers: ${peers.size}, entries in the look-up table: ${entries}`;
    const shadowed = bridges.flatMap(({ bridge, table }) =>
      table.shadowed().map(({ entry, by }): Finding => {
        const earlier = by.map(({ name }) => name).join(", ");
        const of = bridges.length > 1 ? ` of ${bridge}` : "";
        return {
          subject,
          outcome: "note",
          detail: `entry ${entry.name}${of} never decides: ${earlier} take all of it`,
        };
      }),
    );
    return { config, findings: [ok(subject, detail), ...shadowed] };
  } catch (error) {
    const lines = error instanceof ConfigError ? error.message.split("\n") : [(error as Error).message];
    return { findings: lines.map((detail) => ({ subject, outcome: "failed", detail })) };
  }
}

function* checkPrivileges(): Generator<Finding> {
  const subject = "privileges";
  const listed = (lacks: readonly Lack[]) =>
    lacks.map(({ name, purpose }) => `${name} (for ${purpose})`).join(" and ");
  const missing = missingPrivileges();
  if (missing.length === 0) yield ok(subject, "CAP_NET_ADMIN and CAP_NET_BIND_SERVICE are there");
  else {
    const detail = `missing ${listed(missing)}; run ovs-tpo as root or give it these`;
    yield { subject, outcome: "failed", detail };
  }
  const wishes = missingWishes();
  if (wishes.length > 0) yield { subject, outcome: "note", detail: `it goes without ${listed(wishes)}` };
}

/** Whether the host has what the traffic classes name. */
async function* checkClasses({ classes }: Config): AsyncGenerator<Finding> {
  for (const { name, congestionControl } of classes.values()) {
    if (congestionControl === undefined) continue;
    yield await attempt("class", () => {
      requireCongestionControl(congestionControl, name);
      return `${name}: congestion control ${congestionControl} is there`;
    });
  }
}

function checkTun(): string {
  const path = "/dev/net/tun";
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new Error(
      `cannot open ${path}: ${(error as Error).message}; load the module tun, or give access to it`,
    );
  }
  return path;
}

async function* checkSwitch({ ovs, bridges }: Config): AsyncGenerator<Finding> {
  const database = switchDatabase({ remotes: ovs.database });
  database.start();
  try {
    const reached = await attempt("database", async () => {
      try {
        await database.ready({ timeout: patience });
        return ovs.database;
      } catch {
        const advice = "see whether ovsdb-server runs, and whether ovs.database is where it listens";
        throw new Error(`no answer within ${patience / 1000} s (${database.reason}); ${advice}`);
      }
    });
    yield reached;
    if (reached.outcome !== "ok") return;
    const { replica } = database;
    for (const { bridge: name, ownBridge, port, steering } of bridges) {
      const bridge = findBridge(replica, name);
      yield await attempt("bridge", () => {
        if (bridge !== undefined) return `${name}, datapath ${bridge.datapath_type || "system"}`;
        const others = [...replica.table("Bridge")].map((row) => row.name).join(", ") || "none";
        const field = bridges.length > 1 ? "bridges" : "ovs.bridge";
        throw new Error(`there is no bridge ${name} (there are: ${others}); make it, or correct ${field}`);
      });
      for (const lan of lansOf(port))
        yield await attempt("port", () =>
          portUse(replica, ownBridge?.name ?? name, lan.name, steering.instance),
        );
      if (ownBridge) yield await attempt("uplink", () => uplinkUse(replica, name, ownBridge));
    }
  } finally {
    database.stop();
  }
  for (const { bridge, ownBridge, steering } of bridges) {
    const path = `${ovs.runDir}/${bridge}.mgmt`;
    yield await attempt("openflow", async () => {
      await reachable(path);
      // A bridge of our own is made to speak what we speak, and the other is then not spoken to.
      const { instance, ...layout } = steering;
      if (ownBridge === undefined) await reach(bridge, path, { instance, layout });
      return path;
    });
  }
}

type Replica = ReturnType<typeof switchDatabase>["replica"];

/** Whether the local port's name is free, or the plugin's from an earlier run. */
async function portUse(
  replica: Replica,
  bridgeName: string,
  name: string,
  instance: number,
): Promise<string> {
  const row = findPort(replica, name);
  if (row === undefined) {
    if (!(await deviceExists(name))) return `${name} is free`;
    throw new Error(
      `there is a network device ${name} that is no port; remove it, or set port.name to another`,
    );
  }
  const bridge = findBridge(replica, bridgeName);
  if (bridge === undefined || !bridge.ports.includes(row._uuid)) {
    throw new Error(`the name ${name} is taken on another bridge; set port.name to another name`);
  }
  const owner = row.external_ids.get(OWNER_KEY);
  if (owner === String(instance)) return `${name} is there from an earlier run`;
  if (owner !== undefined)
    throw new Error(
      `${name} is the port of an ovs-tpo with instance ${owner}; set port.name to another name`,
    );
  const type = findInterface(replica, name)?.type;
  throw new Error(`${name} is a port of type "${type}" already, not ours; set port.name to another name`);
}

/** Whether the uplink can be led over our own bridge, or is already. */
function uplinkUse(replica: Replica, bridge: string, own: { name: string; uplink: string }): string {
  const port = findPort(replica, own.uplink);
  const on = [bridge, own.name].find((name) => port && findBridge(replica, name)?.ports.includes(port._uuid));
  if (port === undefined || on === undefined)
    throw new Error(`${own.uplink} is no port of ${bridge}; correct uplink`);
  if (port.interfaces.length !== 1)
    throw new Error(`${own.uplink} is a bond, which cannot be an uplink here`);
  return on === bridge
    ? `${own.uplink} will be led over ${own.name}`
    : `${own.uplink} is led over ${own.name}`;
}

async function reachable(path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", ({ message }) => {
      const advice = "see whether ovs-vswitchd runs, and whether ovs.run_dir is its folder";
      reject(new Error(`cannot connect to ${path}: ${message}; ${advice}`));
    });
  });
}

/** Whether our private key can be read, and by us alone. */
async function checkKeys(config: Config): Promise<Finding> {
  const subject = "keys";
  if (!config.mover.encrypted) {
    const detail =
      "mover.encryption is off: whoever is on the way to the peers can read and alter what is carried";
    return { subject, outcome: "note", detail };
  }
  return await attempt(subject, () => {
    const pair = readKeys(config);
    if (pair === undefined) return "no peers, no keys needed";
    return `${config.keyFile}, whose public key is ${formatKey(pair.publicKey)}`;
  });
}

/** The ports that we listen on are free, or ours. */
async function* checkPorts(config: Config): AsyncGenerator<Finding> {
  const running = await runningPid(config.control.socket);
  const { listen } = config.mover;
  if (running !== undefined) {
    yield ok("running", `ovs-tpo runs with this control socket, pid ${running}; its ports are not looked at`);
    return;
  }
  yield await attempt("mover port", () => {
    tryBind(
      "datagram",
      listen.address,
      listen.port,
      "set mover.listen, and the peers' addresses of it, to another",
    );
    return `${formatEndpoint(listen)}/udp is free`;
  });
  if ([...config.peers.values()].some(({ link }) => link !== "udp"))
    yield await attempt("stream port", () => {
      tryBind(
        "stream",
        listen.address,
        listen.port,
        "set mover.listen to another, or peers.NAME.link of all peers to udp",
      );
      return `${formatEndpoint(listen)}/tcp is free`;
    });
  for (const { listenPort } of config.bridges) {
    yield await attempt("edge port", () => {
      tryBind("stream", "0.0.0.0", listenPort, "set edge.tcp.port to another");
      return `${listenPort}/tcp is free`;
    });
  }
}

async function runningPid(socket: string): Promise<unknown> {
  try {
    return await request(socket, "pid");
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}

/** Binds and lets go. The address may not be there yet, so it is bound as a transparent one. */
function tryBind(type: "stream" | "datagram", address: string, port: number, advice: string): void {
  const family = ffi.familyOf(address);
  const fd = ffi.socket(family, type);
  try {
    ffi.setTransparent(fd, family);
    if (type === "stream") ffi.setOption(fd, "reuseAddress", 1);
    ffi.bind(fd, { address, port });
    if (type === "stream") ffi.listen(fd, 1);
  } catch (error) {
    const taken = error instanceof ffi.SystemError && error.code === "EADDRINUSE";
    const protocol = type === "stream" ? "tcp" : "udp";
    if (taken)
      throw new Error(`port ${port}/${protocol} is taken by another process (see \`ss -lpn\`); ${advice}`);
    throw error;
  } finally {
    ffi.close(fd);
  }
}
