import { randomBytes } from "node:crypto";
import type { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../driver/ffi/index.js";
import type { MessageAddresses } from "../driver/index.js";
import { addressBytes, addressText } from "../driver/ip-address.js";
import { Steering } from "../flows/index.js";
import type { Config } from "./config/index.js";
import type { Methods } from "./control.js";
import { type DataSide, openDataSide } from "./data-side.js";
import { abort, EdgeMemory, listenTransparent } from "./edge/tcp/index.js";
import { HeldSyns } from "./held-syns.js";
import { Canary, canaryName, HostRules, Neighbours } from "./host/index.js";
import type { Logger } from "./log.js";
import { Peer } from "./peer.js";
import { steeringQueries } from "./queries.js";
import { overall, type Status, type SteeringStatus } from "./status.js";
import { version } from "./version.js";

/** What the switch has steered here is here after so many milliseconds. */
const UNDER_WAY = 100;
/** How often the edges' memory is held against its ceiling, in milliseconds. */
const MEMORY_INTERVAL = 250;

/** What is there once the local port is: the listeners and the mover's socket. */
interface DataPath {
  readonly listeners: readonly Server[];
  readonly dataSide: DataSide;
  readonly peers: ReadonlyMap<string, Peer>;
}

/**
 * Joins the stages on one switch: steering, host rules, edges, packet drivers and movers, from `start` to `stop`.
 *
 * The data path begins when the switch has given us our local port. Connections to a peer are taken while its session
 * is up, and while there is memory for more.
 */
export class Daemon {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #openDataSide: typeof openDataSide;
  readonly #startedAt = Date.now();
  readonly #memory: EdgeMemory;
  readonly #host: HostRules;
  readonly #steering: Steering;
  readonly #heldSyns: HeldSyns;
  #canary: Canary | undefined;
  #dataPath: DataPath | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #full = false;
  #stopping = false;

  constructor(config: Config, logger: Logger, dataSide = openDataSide) {
    this.#config = config;
    this.#logger = logger;
    this.#openDataSide = dataSide;
    this.#memory = new EdgeMemory(config.edge.tcp.memory);
    this.#host = new HostRules({
      port: config.port,
      listenPort: config.edge.tcp.port,
      steering: config.steering,
    });
    const { instance, priority, firstTable, register, passFrom, idle, finIdle } = config.steering;
    this.#steering = new Steering({
      bridge: config.ovs.bridge,
      database: config.ovs.database,
      runDirectory: config.ovs.runDir,
      localPort: config.port.name,
      canary: canaryName(config.port.name),
      table: config.table,
      prepareHost: () => this.#prepareHost(),
      passFrom,
      instance,
      layout: { priority, firstTable, register },
      timeouts: { idle: idle / 1000, finIdle: finIdle / 1000 },
    });
    this.#heldSyns = new HeldSyns({
      steering: this.#steering,
      peer: (name) => this.#dataPath?.peers.get(name),
      mayTake: () => !this.#full && !this.#stopping,
      router: (family) => {
        const own = config.port.addresses.find((address) => familyName(address.family) === family);
        return own && addressBytes(own.address);
      },
      now: () => performance.now(),
    });
  }

  /**
   * Begins; the switch may come later, or go and come back. Returns once the process holds what it needs of its own.
   * Throws HostError without privileges or devices.
   */
  async start(): Promise<void> {
    const { bridge, database } = this.#config.ovs;
    this.#canary = await Canary.open(canaryName(this.#config.port.name));
    this.#steering.on("state", (status) => {
      const { state, reason } = status;
      this.#logger[state === "error" ? "error" : "info"](
        { state, ...(reason && { reason }) },
        `steering: ${state}`,
      );
    });
    this.#steering.on("repaired", (changed) => {
      this.#logger.warn({ changed }, "flows of ours had been changed by someone else, and are back");
    });
    this.#steering.on("held", (packet) => this.#heldSyns.receive(packet));
    this.#logger.info({ bridge, database }, "attaching");
    this.#steering.start();
    this.#memoryTimer = setInterval(() => this.#watchMemory(), MEMORY_INTERVAL);
  }

  /** Takes no more connections, resets those that are open, and leaves bridge and host as they were found. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#memoryTimer);
    this.#steering.setTaking(false);
    this.#heldSyns.stop();
    // Until the switch has taken that in, and what it had steered has come, the listeners are still needed.
    if (await this.#steering.applied()) await sleep(UNDER_WAY);
    if (this.#dataPath !== undefined) {
      const { listeners, peers, dataSide } = this.#dataPath;
      for (const listener of listeners) listener.close();
      await Promise.all([...peers.values()].map((peer) => peer.stop()));
      await dataSide.close();
    }
    await this.#steering.stop();
    if (this.#dataPath !== undefined) await this.#host.remove();
    this.#canary?.close();
    this.#logger.info("detached");
  }

  status(): Status {
    const peers = Object.fromEntries([...this.#peers()].map((peer) => [peer.name, peer.status()]));
    const steering = this.#steeringStatus();
    const connections = { open: 0, total: 0, failed: 0 };
    const bytes = { taken: 0, delivered: 0 };
    for (const peer of this.#peers()) {
      const counts = peer.connections;
      connections.open += counts.open;
      connections.total += counts.total;
      connections.failed += counts.failed;
      bytes.taken += counts.taken;
      bytes.delivered += counts.delivered;
    }
    return {
      ...overall(steering, peers),
      site: this.#config.site,
      version,
      pid: process.pid,
      uptime_ms: Date.now() - this.#startedAt,
      steering,
      peers,
      connections,
      bytes,
      memory: {
        edge_bytes: this.#memory.used,
        edge_limit_bytes: this.#memory.limit,
        resident_bytes: process.memoryUsage.rss(),
      },
    };
  }

  #steeringStatus(): SteeringStatus {
    const { state, reason = "", bridge, port, flows, repairs } = this.#steering.status();
    return {
      state,
      reason,
      bridge,
      port: this.#config.port.name,
      ofport: port?.ofport ?? null,
      mac: port?.mac ?? null,
      flows,
      repairs,
    };
  }

  *#peers(): Iterable<Peer> {
    if (this.#dataPath !== undefined) yield* this.#dataPath.peers.values();
  }

  /** What can be asked on the control socket, beside the status. */
  get queries(): Methods {
    return steeringQueries(this.#steering);
  }

  /** The local port is there, for the first time or anew: it gets its addresses, routes and rules. */
  async #prepareHost(): Promise<void> {
    if (this.#stopping) return;
    await this.#host.ensure();
    this.#dataPath ??= await this.#openDataPath();
  }

  async #openDataPath(): Promise<DataPath> {
    const { edge, mover, peers, steering, port } = this.#config;
    const listeners: Server[] = [];
    try {
      for (const family of new Set(port.addresses.map((address) => familyName(address.family)))) {
        listeners.push(
          await listenTransparent({
            family,
            port: edge.tcp.port,
            mark: steering.ownMark,
            keepalive: edge.tcp.keepalive,
            onConnection: (accepted, addresses) => this.#intercept(accepted, addresses),
          }),
        );
      }
      const dataSide = await this.#openDataSide({
        family: familyName(mover.listen.family),
        address: mover.listen.address,
        port: mover.listen.port,
        mark: mover.underlay ? undefined : steering.ownMark,
        streams: [...peers.values()].some(({ link }) => link !== "udp"),
      });
      const neighbours = new Neighbours(port);
      const bootId = randomBytes(8).readBigUInt64BE();
      const stages = [...peers.values()].map(
        (peer) =>
          new Peer({
            peer,
            config: this.#config,
            connect: (options) => dataSide.connect(peer.endpoint, options),
            bootId,
            memory: this.#memory,
            neighbours,
            logger: this.#logger,
            onReachable: () => this.#steer(),
          }),
      );
      for (const stage of stages) stage.start();
      return { listeners, dataSide, peers: new Map(stages.map((stage) => [stage.name, stage])) };
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
  }

  /** The switch has steered a connection here: which peer is it for? */
  #intercept(accepted: Socket, addresses: MessageAddresses): void {
    const entry = this.#config.table.lookup({
      protocol: "tcp",
      source: addressText(addresses.source),
      sourcePort: addresses.sourcePort,
      destination: addressText(addresses.destination),
      destinationPort: addresses.destinationPort,
    });
    const peer = entry?.action.type === "optimize" ? this.#dataPath?.peers.get(entry.action.peer) : undefined;
    // The switch is told when a peer goes, or memory does; what was under way to us just then has nowhere to go.
    this.#heldSyns.accepted(addresses);
    if (peer?.reachable && !this.#full) peer.intercept(accepted, addresses);
    else abort(accepted);
  }

  /** Past the ceiling new connections pass directly, until a good part of the memory is free again. */
  #watchMemory(): void {
    const full = this.#full ? this.#memory.used > this.#memory.limit / 2 : this.#memory.full;
    if (full === this.#full) return;
    this.#full = full;
    const { used, limit } = this.#memory;
    if (full) this.#logger.warn({ used, limit }, "the connections' memory is full: new ones pass directly");
    else this.#logger.info({ used, limit }, "the connections' memory is free again");
    this.#steer();
  }

  #steer(): void {
    if (this.#stopping) return;
    const reachable = [...this.#peers()].filter((peer) => peer.reachable).map((peer) => peer.name);
    this.#steering.setPeersUp(reachable);
    this.#steering.setTaking(!this.#full);
  }
}

function familyName(family: 4 | 6): Family {
  return family === 4 ? "ipv4" : "ipv6";
}
