import { randomBytes } from "node:crypto";
import type { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../driver/ffi/index.js";
import type { MessageAddresses } from "../driver/index.js";
import { addressBytes, addressText } from "../driver/ip-address.js";
import { type Entry, Steering, type SteeringState } from "../flows/index.js";
import type { Config } from "./config/index.js";
import type { Methods } from "./control.js";
import { type DataSide, openDataSide } from "./data-side.js";
import { Departure } from "./departure.js";
import { abort, EdgeMemory, listenTransparent } from "./edge/tcp/index.js";
import { HeldSyns } from "./held-syns.js";
import { Canary, canaryName, HostRules, Neighbours } from "./host/index.js";
import type { Logger } from "./log.js";
import { Peer } from "./peer.js";
import { steeringQueries } from "./queries.js";
import { drainingCondition, overall, type Status, type SteeringStatus } from "./status.js";
import { version } from "./version.js";

/** What the switch has steered here is here after so many milliseconds. */
const UNDER_WAY = 100;
/** What our switch and the peers get to stop steering new connections here, in milliseconds. */
const WITHDRAWAL = 1000;
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
  readonly #departure: Departure;
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
      mayTake: () => this.#taking,
      whenPeerDown: (syn) => {
        const action = this.#entryOf(syn)?.action;
        return action?.type === "optimize" ? action.whenPeerDown : "pass";
      },
      router: (family) => {
        const own = config.port.addresses.find((address) => familyName(address.family) === family);
        return own && addressBytes(own.address);
      },
      now: () => performance.now(),
    });
    this.#departure = new Departure({ withdraw: () => this.#withdraw(), open: () => this.#open });
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
      this.#announce(state);
    });
    this.#steering.on("repaired", (changed) => {
      this.#logger.warn({ changed }, "flows of ours had been changed by someone else, and are back");
    });
    this.#steering.on("held", (packet) => this.#heldSyns.receive(packet));
    this.#logger.info({ bridge, database }, "attaching");
    this.#steering.start();
    this.#memoryTimer = setInterval(() => this.#watchMemory(), MEMORY_INTERVAL);
  }

  /**
   * Takes no more connections, at either site, and waits for those that are open, for so many milliseconds at most.
   * Resolves to how many are open then. `stop` comes next.
   */
  async drain(patience: number): Promise<number> {
    if (!this.#departure.begun) this.#logger.info({ open: this.#open, patience }, "draining");
    const left = await this.#departure.take(patience);
    this.#logger.info({ open: left }, left === 0 ? "drained" : "drained as far as there was time");
    return left;
  }

  /** Drains, resets what is open then, and leaves bridge and host as they were found. */
  async stop(patience: number): Promise<void> {
    await this.drain(patience);
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#memoryTimer);
    this.#heldSyns.stop();
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
    const taken = new Set(this.#taking ? this.#steering.status().peersUp : []);
    const peers = Object.fromEntries(
      [...this.#peers()].map((peer) => [peer.name, peer.status(!this.#taking || taken.has(peer.name))]),
    );
    const steering = this.#steeringStatus();
    const draining = this.#departure.status() ?? null;
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
      ...(draining === null ? overall(steering, peers) : drainingCondition(draining)),
      site: this.#config.site,
      version,
      pid: process.pid,
      uptime_ms: Date.now() - this.#startedAt,
      steering,
      peers,
      connections,
      held: { ...this.#heldSyns.counts },
      draining,
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
            onReachable: (peer) => this.#follow(peer),
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
    const action = this.#entryOf(addresses)?.action;
    const peer = action?.type === "optimize" ? this.#dataPath?.peers.get(action.peer) : undefined;
    this.#heldSyns.accepted(addresses);
    // The switch is told when nothing more is to be taken: what was under way to us just then is carried all the same.
    if (peer?.carries) peer.intercept(accepted, addresses);
    else abort(accepted);
  }

  #entryOf({ source, sourcePort, destination, destinationPort }: MessageAddresses): Entry | undefined {
    return this.#config.table.lookup({
      protocol: "tcp",
      source: addressText(source),
      sourcePort,
      destination: addressText(destination),
      destinationPort,
    });
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

  get #taking(): boolean {
    return !this.#full && !this.#departure.begun;
  }

  /** Connections that are open or being opened. */
  get #open(): number {
    let open = this.#heldSyns.counts.waiting;
    for (const peer of this.#peers()) open += peer.connections.open;
    return open;
  }

  #steer(): void {
    if (this.#departure.begun) return;
    const reachable = [...this.#peers()].filter((peer) => peer.reachable).map((peer) => peer.name);
    this.#steering.setPeersUp(reachable);
    this.#steering.setTaking(!this.#full);
  }

  /** Steers to a peer or no longer; resolves when what was steered to it has come. */
  async #follow(peer: Peer): Promise<void> {
    this.#steer();
    if (!peer.carries) this.#heldSyns.peerGone(peer.name);
    if (!peer.reachable && (await this.#steering.applied())) await sleep(UNDER_WAY);
  }

  /**
   * Tells the peers whether connections that they take can be opened onwards here: once our flows bring the answers back
   * to us. While only the database is away, they still do.
   */
  #announce(state: SteeringState): void {
    if (this.#departure.begun || !ANNOUNCED.has(state)) return;
    for (const peer of this.#peers()) peer.inPlace = state === "in-sync";
  }

  async #withdraw(): Promise<void> {
    this.#steering.setTaking(false);
    const told = [...this.#peers()].map((peer) => peer.leave());
    await Promise.race([Promise.all([this.#steering.applied(), ...told]), sleep(WITHDRAWAL)]);
    await sleep(UNDER_WAY);
  }
}

/** The states of the steering that say whether our flows are on the switch. */
const ANNOUNCED: ReadonlySet<SteeringState> = new Set([
  "in-sync",
  "no-bridge",
  "port-pending",
  "connecting-openflow",
]);

function familyName(family: 4 | 6): Family {
  return family === 4 ? "ipv4" : "ipv6";
}
