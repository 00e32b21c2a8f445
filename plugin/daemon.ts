import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { addressText } from "../driver/ip-address.js";
import type { KeyPair } from "../driver/security/index.js";
import { Admission } from "./admission.js";
import { Bridge, familyName } from "./bridge.js";
import { Ceiling } from "./ceiling.js";
import { type Address, type BridgeConfig, type Config, lansOf, sameAddress } from "./config/index.js";
import type { Methods } from "./control.js";
import { type DataSide, openDataSide } from "./data-side.js";
import { Departure } from "./departure.js";
import { EdgeMemory } from "./edge/tcp/index.js";
import type { HeldSynsCounts } from "./held-syns.js";
import { requireCongestionControl, requireDescriptors } from "./host/index.js";
import { readKeys, securityTowards } from "./keys.js";
import type { Logger } from "./log.js";
import { Peer } from "./peer.js";
import { steeringQueries } from "./queries.js";
import { drainingCondition, isInSync, overall, type Status } from "./status.js";
import { version } from "./version.js";

/** What the switch has steered here is here after so many milliseconds. */
const UNDER_WAY = 100;
/** What our switch and the peers get to stop steering new connections here, in milliseconds. */
const WITHDRAWAL = 1000;
/** How often it is looked whether there is room for more connections, in milliseconds. */
const ADMISSION_INTERVAL = 250;

/** What is there once the mover's address is. */
interface DataPath {
  readonly dataSide: DataSide;
  readonly peers: ReadonlyMap<string, Peer>;
}

/**
 * Joins the stages on one switch: its bridges, edges, packet drivers and movers, from `start` to `stop`.
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
  readonly #bridges: readonly Bridge[];
  readonly #departure: Departure;
  #keys: KeyPair | undefined;
  #dataPath: DataPath | undefined;
  readonly #openingCeiling: Ceiling;
  #admission: Admission | undefined;
  #admissionTimer: NodeJS.Timeout | undefined;
  /** The ceilings that are passed, as last looked at. */
  #passed: readonly string[] = [];
  #stopping = false;

  constructor(config: Config, logger: Logger, dataSide = openDataSide) {
    this.#config = config;
    this.#logger = logger;
    this.#openDataSide = dataSide;
    this.#memory = new EdgeMemory(config.edge.tcp.memory);
    this.#openingCeiling = new Ceiling(config.limits.opening);
    this.#bridges = config.bridges.map(
      (bridge): Bridge =>
        new Bridge({
          bridge,
          config,
          logger,
          ways: this.#carriesMover(bridge) ? [...config.peers.values()].map(({ endpoint }) => endpoint) : [],
          peer: (name) => this.#dataPath?.peers.get(name),
          mayTake: () => this.#taking,
          prepared: () => this.#prepared(bridge),
          placed: () => this.#announce(),
        }),
    );
    this.#departure = new Departure({ withdraw: () => this.#withdraw(), open: () => this.#open });
  }

  /**
   * Begins; the switch may come later, or go and come back. Returns once the process holds what it needs of its own.
   * Throws HostError without privileges, devices, descriptors or a congestion control; KeyFileError or OwnKeyError without good keys.
   */
  async start(): Promise<void> {
    this.#keys = readKeys(this.#config);
    if (!this.#config.mover.encrypted)
      this.#logger.warn(
        "mover.encryption is off: whoever is on the way to the peers can read and alter what is carried",
      );
    this.#admission = new Admission({
      memory: this.#memory,
      capacity: requireDescriptors(),
      open: () => this.#open,
    });
    for (const { name, congestionControl } of this.#config.classes.values())
      if (congestionControl !== undefined) requireCongestionControl(congestionControl, name);
    for (const bridge of this.#bridges) await bridge.start();
    this.#admissionTimer = setInterval(() => this.#admit(), ADMISSION_INTERVAL);
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

  /** Drains, resets what is open then, and leaves bridges and host as they were found. */
  async stop(patience: number): Promise<void> {
    await this.drain(patience);
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#admissionTimer);
    for (const bridge of this.#bridges) bridge.close();
    if (this.#dataPath !== undefined) {
      const { peers, dataSide } = this.#dataPath;
      await Promise.all([...peers.values()].map((peer) => peer.stop()));
      await dataSide.close();
    }
    // One after the other: they change the same host.
    for (const bridge of this.#bridges) await bridge.stop();
  }

  status(): Status {
    // A bridge that takes nothing for the moment will as soon as it may.
    const isTaken = ({ name }: Peer) => this.#bridges.every((bridge) => bridge.crowded || bridge.takes(name));
    const peers = Object.fromEntries(
      [...this.#peers()].map((peer) => [
        peer.name,
        peer.status(!(this.#taking && peer.mayOpen) || isTaken(peer)),
      ]),
    );
    const bridges = this.#bridges.map((bridge) => bridge.status());
    const steering = bridges.find((bridge) => !isInSync(bridge)) ?? bridges[0]!;
    const draining = this.#departure.status() ?? null;
    const connections = { open: 0, total: 0, opening: 0, failed: 0 };
    const classes = new Map([...this.#config.classes.keys()].map((name) => [name, 0]));
    const bytes = { taken: 0, delivered: 0 };
    for (const peer of this.#peers()) {
      const counts = peer.connections;
      connections.open += counts.open;
      connections.total += counts.total;
      connections.opening += counts.opening;
      connections.failed += counts.failed;
      for (const [name, open] of peer.openByClass) classes.set(name, (classes.get(name) ?? 0) + open);
      bytes.taken += counts.taken;
      bytes.delivered += counts.delivered;
    }
    return {
      ...(draining === null ? overall(steering, peers, this.#fullReason) : drainingCondition(draining)),
      site: this.#config.site,
      version,
      pid: process.pid,
      uptime_ms: Date.now() - this.#startedAt,
      steering,
      bridges,
      peers,
      connections: { ...connections, classes: Object.fromEntries(classes) },
      held: this.#held(),
      ceilings: [
        ...this.#passed,
        ...this.#bridges
          .filter(({ crowded }) => crowded)
          .map(({ bridge }) => `limits.switch_flows: ${bridge}`),
      ],
      draining,
      bytes,
      memory: {
        edge_bytes: this.#memory.used,
        edge_limit_bytes: this.#memory.limit,
        shed_connections: this.#memory.shed,
        resident_bytes: process.memoryUsage.rss(),
        heap_bytes: process.memoryUsage().heapUsed,
      },
    };
  }

  #held(): HeldSynsCounts {
    const counts = { waiting: 0, taken: 0, refused: 0, direct: 0 };
    for (const { held } of this.#bridges) {
      for (const what of ["waiting", "taken", "refused", "direct"] as const) counts[what] += held[what];
    }
    return counts;
  }

  *#peers(): Iterable<Peer> {
    if (this.#dataPath !== undefined) yield* this.#dataPath.peers.values();
  }

  /** What can be asked on the control socket, beside the status. */
  get queries(): Methods {
    return steeringQueries(this.#bridges.map(({ steering }) => steering));
  }

  /** The bridge's local port has its addresses. The mover's is among those of one bridge, or the host's own. */
  async #prepared(bridge: BridgeConfig): Promise<void> {
    if (this.#stopping || !(this.#config.mover.underlay || this.#carriesMover(bridge))) return;
    this.#dataPath ??= await this.#openDataPath();
  }

  /** Whether the mover's address is one of that bridge's port. */
  #carriesMover({ port }: BridgeConfig): boolean {
    const own = lansOf(port).flatMap(({ addresses }) => addresses);
    return own.some((address) => sameAddress(address, this.#config.mover.listen));
  }

  async #openDataPath(): Promise<DataPath> {
    const { mover, peers } = this.#config;
    const dataSide = await this.#openDataSide({
      family: familyName(mover.listen.family),
      address: mover.listen.address,
      port: mover.listen.port,
      mark: this.#config.bridges.find((bridge) => this.#carriesMover(bridge))?.steering.ownMark,
      streams: [...peers.values()].some(({ link }) => link !== "udp"),
    });
    const bootId = randomBytes(8).readBigUInt64BE();
    const stages = [...peers.values()].map(
      (peer) =>
        new Peer({
          peer,
          config: this.#config,
          security: securityTowards(peer, this.#keys),
          connect: (options) => dataSide.connect(peer.endpoint, options),
          bootId,
          memory: this.#memory,
          dial: (onward) => this.#reaching(onward.addresses.destination).dial(onward),
          answerDscp: (destination, socket) => this.#reaching(destination).answerDscp(socket),
          watchWay: (destination, lost) => this.#reaching(destination).watchWay(destination, lost),
          logger: this.#logger,
          onReachable: (peer) => this.#follow(peer),
        }),
    );
    for (const stage of stages) stage.start();
    return { dataSide, peers: new Map(stages.map((stage) => [stage.name, stage])) };
  }

  /** The bridge by which a destination is reached: that with the best prefix for it, else the first. */
  #towards(destination: Address): Bridge {
    return this.#bridges.reduce((best, bridge) =>
      bridge.nearness(destination) > best.nearness(destination) ? bridge : best,
    );
  }

  #reaching(destination: Uint8Array): Bridge {
    return this.#towards({ family: destination.length === 4 ? 4 : 6, address: addressText(destination) });
  }

  /** Past a ceiling new connections pass directly, until there is a good deal of room again; of `full` the peers are told. */
  #admit(): void {
    const turned = this.#admission?.look() ?? false;
    const { used, limit } = this.#memory;
    if (turned && this.#fullReason !== "")
      this.#logger.warn({ used, limit }, `full: ${this.#fullReason}; new connections pass directly`);
    else if (turned) this.#logger.info({ used, limit }, "there is room for new connections again");
    if (!this.#lookAtOpenings() && !turned) return;
    this.#steer();
    this.#announce();
  }

  /** Whether ceilings of connections that are being opened are passed that were not, or the other way round. */
  #lookAtOpenings(): boolean {
    const peers = [...this.#peers()];
    const opening = peers.reduce((sum, peer) => sum + peer.opening, 0);
    this.#openingCeiling.look(opening);
    const passed = [
      ...(this.#openingCeiling.passed ? ["limits.opening"] : []),
      ...peers.filter((peer) => !peer.mayOpen).map(({ name }) => `limits.opening_per_peer: ${name}`),
    ];
    if (passed.join() === this.#passed.join()) return false;
    this.#passed = passed;
    const figures = { ceilings: passed, opening };
    if (passed.length > 0) this.#logger.warn(figures, "a ceiling is passed: new connections pass directly");
    else this.#logger.info(figures, "no ceiling is passed any more");
    return true;
  }

  /** Why there is no room for new connections; empty where there is. */
  get #fullReason(): string {
    return this.#admission?.reason ?? "";
  }

  get #taking(): boolean {
    return !this.#full && !this.#departure.begun;
  }

  get #full(): boolean {
    return this.#fullReason !== "" || this.#openingCeiling.passed;
  }

  /** Connections that are open or being opened. */
  get #open(): number {
    let open = this.#held().waiting;
    for (const peer of this.#peers()) open += peer.open;
    return open;
  }

  #steer(): void {
    if (this.#departure.begun) return;
    const up = [...this.#peers()].filter((peer) => peer.reachable);
    const full = up.filter((peer) => !peer.mayOpen).map(({ name }) => name);
    for (const { steering } of this.#bridges) {
      steering.setPeersUp(
        up.map(({ name }) => name),
        { full },
      );
      steering.setTaking(this.#full ? "known" : "new");
    }
  }

  /** Steers to a peer or no longer; resolves when what was steered to it has come. */
  async #follow(peer: Peer): Promise<void> {
    this.#steer();
    if (!peer.carries) for (const bridge of this.#bridges) bridge.peerGone(peer.name);
    if (!peer.reachable && (await this.#applied())) await sleep(UNDER_WAY);
  }

  /**
   * Tells the peers whether connections that they take can be opened onwards here: once our flows bring the answers back
   * to us, and while there is room. While only the database is away, the flows still do.
   */
  #announce(): void {
    if (this.#departure.begun) return;
    const inPlace = this.#fullReason === "" && this.#bridges.every((bridge) => bridge.inPlace);
    for (const peer of this.#peers()) peer.inPlace = inPlace;
  }

  /** Resolves when the switch does what it has been told, to whether any of it does. */
  async #applied(): Promise<boolean> {
    const applied = await Promise.all(this.#bridges.map(({ steering }) => steering.applied()));
    return applied.some((done) => done);
  }

  async #withdraw(): Promise<void> {
    for (const { steering } of this.#bridges) steering.setTaking("nothing");
    const told = [...this.#peers()].map((peer) => peer.leave());
    await Promise.race([Promise.all([this.#applied(), ...told]), sleep(WITHDRAWAL)]);
    await sleep(UNDER_WAY);
  }
}
