import type { Server, Socket } from "node:net";
import { type Family, SystemError } from "../driver/ffi/index.js";
import type { MessageAddresses, MessageStatus } from "../driver/index.js";
import { addressBytes, addressText } from "../driver/ip-address.js";
import { type Entry, type HeldPacket, type LocalPort, Steering, type SteeringState } from "../flows/index.js";
import {
  type Address,
  type BridgeConfig,
  type Config,
  classOf,
  lanOf,
  lansOf,
  nearness,
  type Prefix,
} from "./config/index.js";
import {
  type Arrival,
  abort,
  type Dial,
  descriptorOf,
  dialTransparent,
  type Interception,
  listenTransparent,
  SynAcks,
  type TrafficClass,
} from "./edge/tcp/index.js";
import { type ConfirmingPeer, HeldSyns, type HeldSynsCounts } from "./held-syns.js";
import { Canary, canaryName, HostRules, Keeper, Neighbours } from "./host/index.js";
import type { Logger } from "./log.js";
import { readIcmpError } from "./packet/index.js";
import { Rewrite } from "./rewrite.js";
import type { SteeringStatus } from "./status.js";

/** The states of the steering that say whether our flows are on the switch. */
const TELLING: ReadonlySet<SteeringState> = new Set([
  "in-sync",
  "no-bridge",
  "port-pending",
  "connecting-openflow",
]);

/** A peer, as a bridge's connections need it. */
export interface BridgePeer extends ConfirmingPeer {
  /** Whether its session is up. */
  readonly carries: boolean;
  intercept(accepted: Socket, interception: Interception): void;
  /** Somebody on the way to a destination says that the peer's packets do not get there, and why. */
  unreachable(addresses: MessageAddresses, status: MessageStatus): void;
}

export interface BridgeOptions {
  readonly bridge: BridgeConfig;
  readonly config: Config;
  readonly logger: Logger;
  readonly peer: (name: string) => BridgePeer | undefined;
  /** The peers to which the mover finds its way by this bridge. */
  readonly ways: readonly Address[];
  /** Whether anything new is to be taken. */
  readonly mayTake: () => boolean;
  /** The local port is there with its addresses, for the first time or anew. */
  readonly prepared: () => Promise<void>;
  /** `inPlace` may have changed. */
  readonly placed: () => void;
}

/**
 * What the plugin has on one bridge: steering, canary, the host's rules for its ports, and the listeners for what is
 * steered to them.
 */
export class Bridge {
  readonly config: BridgeConfig;
  readonly steering: Steering;
  readonly #options: BridgeOptions;
  readonly #logger: Logger;
  readonly #host: HostRules;
  /** Of that form alone. */
  readonly #rewrite: Rewrite | undefined;
  readonly #heldSyns: HeldSyns;
  readonly #neighbours: Neighbours;
  readonly #synAcks = new SynAcks();
  readonly #addresses: readonly Prefix[];
  #canary: Canary | undefined;
  #listeners: readonly Server[] | undefined;
  #keeper: Keeper | undefined;
  #inPlace = false;
  #prepared = false;
  #stopping = false;

  constructor(options: BridgeOptions) {
    const { bridge, config, logger, mayTake, peer } = options;
    const { form, port, listenPort, steering, table } = bridge;
    this.#options = options;
    this.config = bridge;
    this.#logger = config.bridges.length > 1 ? logger.child({ bridge: bridge.bridge }) : logger;
    this.#addresses = lansOf(port).flatMap(({ addresses }) => addresses);
    this.#host = new HostRules({ form, port, listenPort, steering, ways: options.ways });
    this.#neighbours = new Neighbours(port);
    const { instance, priority, firstTable, register, passFrom, idle, finIdle } = steering;
    this.steering = new Steering({
      bridge: bridge.bridge,
      ...(bridge.ownBridge && { ownBridge: bridge.ownBridge }),
      database: config.ovs.database,
      runDirectory: config.ovs.runDir,
      localPort: port.name,
      ...(port.vlan !== undefined && { vlan: port.vlan }),
      trunk: port.trunk,
      canary: canaryName(port.name),
      table,
      families: this.#families,
      prepareHost: (ports) => this.#prepareHost(ports),
      rewrite: form === "rewrite",
      passFrom,
      instance,
      layout: { priority, firstTable, register },
      timeouts: { idle: idle / 1000, finIdle: finIdle / 1000 },
      connectionLimit: config.limits.switchFlows,
    });
    const rewrite =
      form === "rewrite"
        ? new Rewrite({
            bridge,
            steering: this.steering,
            onConnection: (accepted, arrival) => this.#intercept(accepted, arrival),
          })
        : undefined;
    this.#rewrite = rewrite;
    this.#heldSyns = new HeldSyns({
      steering: {
        take: (...what) => (rewrite ?? this.steering).take(...what),
        letGo: (...what) => this.steering.letGo(...what),
        answer: (...what) => this.steering.answer(...what),
        pass: (...what) => this.steering.pass(...what),
        peerOf: (packet) => this.steering.peerOf(packet),
        isWanted: (packet) => this.steering.isWanted(packet),
      },
      peer,
      mayTake,
      whenPeerDown: (syn) => {
        const action = this.#entryOf(syn)?.action;
        return action?.type === "optimize" ? action.whenPeerDown : "pass";
      },
      trafficClass: (syn) => this.#classOf(this.#entryOf(syn)),
      router: (family) => {
        const own = this.#addresses.find((address) => familyName(address.family) === family);
        return own && addressBytes(own.address);
      },
      mostWaiting: config.limits.opening,
      now: () => performance.now(),
    });
  }

  /** Begins; the switch may come later, or go and come back. Throws HostError without privileges or devices. */
  async start(): Promise<void> {
    const { bridge, port } = this.config;
    this.#canary = await Canary.open(canaryName(port.name));
    this.steering.on("state", ({ state, reason }) => {
      this.#logger[state === "error" ? "error" : "info"](
        { state, ...(reason && { reason }) },
        `steering: ${state}`,
      );
      // The canary's device may have been removed: then its port waits for it.
      if (state === "port-pending" && !this.#stopping)
        this.#canary?.ensure().catch((error: Error) => this.#logger.error({ err: error }, error.message));
      if (!TELLING.has(state)) return;
      this.#inPlace = state === "in-sync";
      this.#options.placed();
    });
    this.steering.on("repaired", (changed) => {
      this.#logger.warn({ changed }, "flows of ours had been changed by someone else, and are back");
    });
    this.steering.on("crowded", (crowded) => {
      const { connections } = this.steering.status();
      if (crowded)
        this.#logger.warn({ connections }, "the switch has learned too many flows: new connections pass");
      else this.#logger.info({ connections }, "the switch may learn flows again");
    });
    this.steering.on("held", (packet) => {
      if (packet.wanted === "error") this.#hear(packet);
      else this.#heldSyns.receive(packet);
    });
    this.#logger.info({ bridge, database: this.#options.config.ovs.database }, "attaching");
    this.steering.start();
  }

  /** Takes nothing more: the switch steers nothing here any longer. */
  close(): void {
    this.#stopping = true;
    this.#heldSyns.stop();
    for (const listener of this.#listeners ?? []) listener.close();
    this.#keeper?.stop();
    this.#rewrite?.close();
  }

  /** Leaves bridge and host as they were found. */
  async stop(): Promise<void> {
    await this.steering.stop();
    this.#rewrite?.stop();
    if (this.#prepared) await this.#host.remove();
    this.#canary?.close();
    this.#synAcks.close();
    this.#logger.info("detached");
  }

  /**
   * Whether connections can be opened onwards by this bridge: once our flows bring the answers back to us. While only the
   * database is away, they still do.
   */
  get inPlace(): boolean {
    return this.#inPlace;
  }

  /** Whether connections to a peer are taken. */
  takes(peer: string): boolean {
    return this.steering.status().peersUp.includes(peer);
  }

  /** Whether the switch has learned too many flows: nothing is taken just now. */
  get crowded(): boolean {
    return this.steering.status().crowded;
  }

  /** The bridge's name. */
  get bridge(): string {
    return this.config.bridge;
  }

  peerGone(name: string): void {
    this.#heldSyns.peerGone(name);
  }

  get held(): HeldSynsCounts {
    return this.#heldSyns.counts;
  }

  /** How well it leads to a destination: the length of the best prefix of its networks and routes; -1 for not at all. */
  nearness(destination: Address): number {
    return nearness(this.config.port, destination);
  }

  /** Opens a connection to an application here, in its client's name. */
  readonly dial: Dial = (onward) => {
    this.#synAcks.drain();
    if (this.#rewrite) return this.#rewrite.dial(onward);
    return dialTransparent(onward, { mark: this.config.steering.ownMark });
  };

  /** The DSCP with which an application has answered a socket of `dial`. */
  answerDscp(socket: Socket): number {
    return this.#synAcks.dscp(socket);
  }

  /** See `ConnectionsOptions`. */
  watchWay(destination: Uint8Array, lost: () => void): () => void {
    return this.#neighbours.watch(addressText(destination), lost);
  }

  status(): SteeringStatus {
    const { state, reason = "", bridge, port, flows, repairs, connections } = this.steering.status();
    return {
      state,
      reason,
      bridge,
      port: this.config.port.name,
      ofport: port?.ofport ?? null,
      mac: port?.mac ?? null,
      flows,
      repairs,
      connections,
    };
  }

  /** The local ports are there, for the first time or anew: they get their addresses, routes and rules. */
  async #prepareHost(ports: readonly LocalPort[]): Promise<void> {
    if (this.#stopping) return;
    await this.#canary?.ensure();
    await this.#host.ensure();
    this.#hearAnswers(ports);
    if (this.#rewrite) await this.#rewrite.prepare(ports[0]!);
    else this.#listeners ??= await this.#listen();
    this.#prepared = true;
    await this.#options.prepared();
  }

  #hearAnswers(ports: readonly LocalPort[]): void {
    try {
      this.#synAcks.listen(ports.map(({ ifindex }) => ifindex));
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "EPERM") throw error;
      this.#logger.warn("the DSCP of servers' answers is not seen, and not kept: that takes CAP_NET_RAW");
    }
  }

  /** IPv4, IPv6 or both: those of which the local port has an address. */
  get #families(): Family[] {
    return [...new Set(this.#addresses.map((address) => familyName(address.family)))];
  }

  async #listen(): Promise<Server[]> {
    const { listenPort, steering } = this.config;
    const listeners: Server[] = [];
    try {
      for (const family of this.#families) {
        listeners.push(
          await listenTransparent({
            family,
            port: listenPort,
            mark: steering.ownMark,
            onConnection: (accepted, arrival) => this.#intercept(accepted, arrival),
          }),
        );
      }
      this.#keeper = this.#keep(listeners);
      return listeners;
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
  }

  /** With the form `rewrite` there is no need: it listens at an address of the host's own, for which the kernel answers. */
  #keep(listeners: readonly Server[]): Keeper {
    return new Keeper({
      descriptors: listeners.flatMap((listener) => descriptorOf(listener) ?? []),
      lost: (reason) =>
        this.#logger.warn(
          `the listeners' keeper (sh) is not there: ${reason}; should this process be killed, a client that connects just then may hang`,
        ),
    });
  }

  /** The switch has steered a connection here: which peer is it for? */
  #intercept(accepted: Socket, { ends, dscp }: Arrival): void {
    const entry = this.#entryOf(ends);
    const peer = entry?.action.type === "optimize" ? this.#options.peer(entry.action.peer) : undefined;
    this.#heldSyns.accepted(ends);
    // The switch is told when nothing more is to be taken: what was under way to us just then is carried all the same.
    if (peer?.carries)
      peer.intercept(accepted, { addresses: ends, trafficClass: this.#classOf(entry), dscp });
    else abort(accepted);
  }

  #classOf(entry: Entry | undefined): TrafficClass {
    const name = entry?.action.type === "optimize" ? entry.action.class : undefined;
    return classOf(this.#options.config, name);
  }

  /**
   * Somebody could not send on a packet from one of the clients. Where the packet was the far edge's, which connects in
   * the client's name, the client cannot make anything of it, and the far edge does not hear of it.
   */
  #hear({ frame }: HeldPacket): void {
    const error = readIcmpError(frame);
    const action = error && this.#entryOf(error.addresses)?.action;
    if (action?.type === "optimize")
      this.#options.peer(action.peer)?.unreachable(error!.addresses, error!.status);
  }

  #entryOf({ source, sourcePort, destination, destinationPort }: MessageAddresses): Entry | undefined {
    const client = addressText(source);
    const lan = lanOf(this.config.port, { family: source.length === 4 ? 4 : 6, address: client });
    return this.config.table.lookup({
      protocol: "tcp",
      ...(lan?.vlan !== undefined && { vlan: lan.vlan }),
      source: client,
      sourcePort,
      destination: addressText(destination),
      destinationPort,
    });
  }
}

export function familyName(family: 4 | 6): Family {
  return family === 4 ? "ipv4" : "ipv6";
}
