import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { Connection, OpenFlow15 } from "openflow-ts";
import type { Database } from "ovsdb-client";
import { type SwitchTables, switchDatabase } from "ovsdb-client/open-vswitch";
import {
  checkLayout,
  DEFAULT_LAYOUT,
  EntryFlows,
  type Explanation,
  type Pipeline,
  type Translation,
} from "../pipeline/index.js";
import type { Family, LookupTable, Tuple } from "../table/index.js";
import { BridgeFlows } from "./bridge-flows.js";
import { ConnectionFlows } from "./connection-flows.js";
import { ControlLoop } from "./control-loop.js";
import { detach } from "./detach.js";
import { controllerId, type HeldPacket, HeldPackets } from "./held-packets.js";
import { Installation } from "./installation.js";
import { Lease } from "./lease.js";
import type { ListedFlow } from "./listing.js";
import { NotAttachedError } from "./not-attached.js";
import {
  DEFAULTS,
  type SteeringEvents,
  type SteeringOptions,
  type SteeringState,
  type SteeringStatus,
} from "./options.js";
import { Policy, type SteeredPorts, type Taking } from "./policy.js";
import { PortPreparation } from "./port-preparation.js";
import { unanswered } from "./reach.js";
import { untilInSync } from "./ready.js";
import { type PortNumbers, type SwitchPorts, switchPorts } from "./switch-ports.js";
import { CHECK_INTERVAL, RETRY, RETURN, SETTLE, SETTLE_INTERVAL, SWITCH_TIMEOUT } from "./timing.js";

/**
 * Keeps the flows of the look-up table on a bridge, from `start` to `stop`, whatever becomes of vswitchd and OVSDB.
 *
 * One loop looks at how things stand, does the next thing that is to be done, and sleeps until something has changed or
 * it is time to look again. So every state is left by itself when its cause is gone; `SteeringState` has them all.
 */
export class Steering extends EventEmitter<SteeringEvents> {
  readonly #options: SteeringOptions;
  readonly #database: Database<SwitchTables>;
  readonly #connection: Connection;
  readonly #ports: SwitchPorts;
  readonly #flows: BridgeFlows;
  readonly #held: HeldPackets;
  readonly #policy: Policy;
  readonly #preparation: PortPreparation;
  readonly #lease: Lease;
  readonly #installation: Installation;
  readonly #connections: ConnectionFlows;
  /** The ports as they were when last steered to. */
  #steered: SteeredPorts | undefined;
  #state: SteeringState = "stopped";
  #reason: string | undefined;
  #repairs = 0;
  readonly #loop = new ControlLoop({
    interval: CHECK_INTERVAL,
    retry: RETRY,
    step: () => this.#step(),
    failed: (reason) => {
      this.#flows.forget();
      this.#enter("error", reason);
    },
  });

  /**
   * Throws `EntryTooWideError`, `TableTooDeepError` and `TooManyPeersError`, and a `RangeError` for options out of range.
   */
  constructor(options: SteeringOptions) {
    super();
    const { bridge, ownBridge, runDirectory = "/var/run/openvswitch" } = options;
    const { instance = 0, families = ["ipv4"] } = options;
    const at = ownBridge?.name ?? bridge;
    const layout = { ...DEFAULT_LAYOUT, ...options.layout };
    checkLayout(layout);
    this.#options = options;
    this.#policy = new Policy(options.table, {
      layout,
      instance,
      timeouts: { ...DEFAULTS.timeouts, ...options.timeouts },
      families,
      controllerId: controllerId(instance),
      phases: { settle: SETTLE, changed: () => this.#look() },
      entryFlows: new EntryFlows(),
      rewrite: options.rewrite ?? false,
    });
    this.#database = switchDatabase({ remotes: options.database ?? `unix:${join(runDirectory, "db.sock")}` });
    this.#connection = new Connection({
      address: `unix:${join(runDirectory, `${at}.mgmt`)}`,
      versions: [OpenFlow15],
      minBackoff: RETRY.first,
      maxBackoff: CHECK_INTERVAL,
      requestTimeout: SWITCH_TIMEOUT,
    });
    this.#ports = switchPorts(this.#database, options);
    this.#flows = new BridgeFlows(this.#connection, instance);
    this.#held = new HeldPackets(this.#connection, instance, (packet) => this.emit("held", packet));
    this.#preparation = new PortPreparation(this.#flows, options, (ports) =>
      this.#enter("port-pending", `preparing the host for ${ports.map(({ name }) => name).join(", ")}`),
    );
    const connected = () => this.#connection.version !== undefined;
    const look = () => this.#look();
    this.#lease = new Lease({
      grant: (flow) => connected() && this.#flows.put(flow),
      renew: (action) => connected() && this.#flows.perform(action),
      lapsed: () => {
        this.#policy.interrupt();
        look();
      },
    });
    this.#installation = new Installation({
      layout,
      policy: this.#policy,
      flows: this.#flows,
      lease: this.#lease,
      held: this.#held,
      installed: (flows) => this.emit("installed", flows),
    });
    this.#connections = new ConnectionFlows({
      flows: this.#flows,
      limit: options.connectionLimit ?? DEFAULTS.connectionLimit,
      attached: () => connected() && this.#steered !== undefined,
      changed: (crowded) => {
        this.#policy.setCrowded(crowded);
        this.emit("crowded", crowded);
        look();
      },
    });
    this.#database.on("state", look).on("change", look);
    this.#connection.on("up", look).on("retry", look);
    this.#connection.on("down", () => {
      this.#flows.forget();
      this.#preparation.forget();
      this.#lease.forget();
      look();
    });
  }

  /** The bridge's name. */
  get bridge(): string {
    return this.#options.bridge;
  }

  /** Begins; returns at once. Also removes what an earlier process has left on the bridge. */
  start(): void {
    if (this.#loop.running) return;
    this.#database.start();
    this.#connection.open().catch(() => {
      // Rejected by `close` alone; until then the state says how it stands.
    });
    this.#loop.start();
    this.#connections.start();
  }

  /** Takes flows and ports off the bridge, which is then as it was found. Resolves also where the switch is gone. */
  async stop(): Promise<void> {
    if (!this.#loop.running) return;
    await this.#loop.stop();
    this.#connections.stop();
    this.#lease.drop();
    this.#policy.stop();
    this.#enter("stopping");
    const synchronised = this.#database.state === "synchronised";
    // What bears our instance's mark may be another process's.
    const ours = this.#steered !== undefined || (synchronised && this.#ports.rival() === undefined);
    if (this.#steered !== undefined && synchronised && this.#connection.version === undefined)
      await once(this.#connection, "up", { signal: AbortSignal.timeout(RETURN) }).catch(() => undefined);
    const left = await detach({
      flows: ours && this.#connection.version !== undefined ? this.#flows : undefined,
      ports: ours && synchronised ? this.#ports : undefined,
      attached: this.#steered !== undefined,
    });
    this.#connection.close();
    this.#database.stop();
    this.#steered = undefined;
    this.#enter("stopped", left);
  }

  /**
   * The peers whose sessions are up: new connections to these alone are taken. The switch is told at once; for a peer
   * that is new it takes a second, so that no connection is taken whose SYN has gone direct (`PeerPhases`). `applied` says
   * when it is done. To those of them that are `full` nothing new is steered, and what has been taken goes on.
   */
  setPeersUp(peers: Iterable<string>, { full = [] }: { full?: Iterable<string> } = {}): void {
    this.#policy.setPeersUp(peers, full);
    this.#look();
  }

  /** Whether anything new is taken, held or refused at all; otherwise it passes. At first it is. */
  setTaking(taking: Taking): void {
    this.#policy.setTaking(taking);
    this.#look();
  }

  /** The peer for which a packet is held. */
  peerOf({ peer }: HeldPacket): string | undefined {
    return this.#policy.peerName(peer);
  }

  /**
   * Takes a held packet, as `frame`, and what comes after it. Throws `NotAttachedError`, and without a connection to the
   * switch the packet is lost, here and in the next three.
   */
  take(packet: HeldPacket, frame: Uint8Array, family: Family): void {
    this.#held.send(packet, frame, this.#known().take(family, packet.peer));
  }

  /** Gives a held packet, as `frame`, and what comes after it to the bridge's own flows. */
  letGo(packet: HeldPacket, frame: Uint8Array, family: Family): void {
    this.#held.send(packet, frame, this.#known().letGo(family));
  }

  /** Whether it is still one to be taken: the peer's steering may have been interrupted since, or before. */
  isWanted(packet: HeldPacket): boolean {
    const name = this.peerOf(packet);
    return name !== undefined && this.#policy.taking && this.#policy.peersIn("up").has(name);
  }

  /** Lets a held packet that is not wanted pass, as `frame`, as the switch would. */
  pass(packet: HeldPacket, frame: Uint8Array, family: Family): void {
    const name = this.peerOf(packet);
    const remembered =
      name !== undefined && this.#policy.taking && this.#policy.peersIn("reopening").has(name);
    this.#held.send(packet, frame, this.#known().pass(family, remembered));
  }

  /** Sends a frame to where a held packet came from. */
  answer(packet: HeldPacket, frame: Uint8Array): void {
    this.#held.answer(packet, frame);
  }

  /**
   * Has the switch rewrite the packets of a connection, both ways; resolves when it does. Throws `NotAttachedError`, and what
   * the connection throws. A packet that is sent afterwards finds it so without waiting.
   */
  async translate(translation: Translation): Promise<void> {
    for (const flow of this.#known().translate(translation)) this.#flows.put(flow);
    await this.#flows.settled();
  }

  /** Undoes it, where the switch has not forgotten it already. */
  untranslate(translation: Translation): void {
    if (!this.#steered || this.#connection.version === undefined) return;
    for (const flow of this.#known().translate(translation)) this.#flows.takeBack(flow);
  }

  /** Throws as the constructor does; then the table stays the one before. */
  setTable(table: LookupTable): void {
    this.#policy.setTable(table);
    this.#look();
  }

  /**
   * Resolves when the switch does what table and peers say now: to true, or after `timeout` milliseconds (default 3000),
   * or while the switch is away, to false.
   */
  async applied({ timeout = 3000 }: { timeout?: number } = {}): Promise<boolean> {
    const ended = AbortSignal.timeout(timeout);
    while (this.#steered && !this.#loop.stopping && !ended.aborted) {
      if (this.#policy.settled && this.#flows.installed === this.#known().flows) return true;
      await once(this, "installed", { signal: ended }).catch(() => undefined);
    }
    return false;
  }

  status(): SteeringStatus {
    const [port, ...trunk] = this.#steered?.local ?? [];
    return {
      state: this.#state,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      bridge: this.#options.bridge,
      ...(port && { port, trunk }),
      peersUp: [...this.#policy.peersIn("up")],
      flows: this.#flows.installed?.length ?? 0,
      repairs: this.#repairs,
      connections: this.#connections.count,
      crowded: this.#connections.crowded,
    };
  }

  /** Resolves when the state is `in-sync`. Rejects after `timeout` milliseconds (default 30000), saying why it is not. */
  ready({ timeout = 30_000 }: { timeout?: number } = {}): Promise<void> {
    return untilInSync(this, timeout);
  }

  /**
   * What becomes of a new connection with this 5-tuple, and why. `inPort` is the OpenFlow number of the port by which it
   * comes in. Throws a `RangeError` for a tuple that is none, and `NotAttachedError`.
   */
  explain(tuple: Tuple, inPort?: number): Explanation {
    // Where no VLAN is named, that of the local port is meant.
    const { vlan, trunk = [] } = this.#options;
    const lans = [{ vlan }, ...trunk];
    return this.#policy.explain(vlan === undefined ? tuple : { vlan, ...tuple }, lans, this.#known(), inPort);
  }

  /** What of ours is on the switch beside what should be there. Throws `NotAttachedError`, and what the connection throws. */
  async flows(): Promise<ListedFlow[]> {
    return this.#flows.list(this.#known().flows);
  }

  /** The pipeline for what is known. */
  #known(): Pipeline {
    const round = this.#flows.knownRound;
    if (!this.#steered || round === undefined) throw new NotAttachedError(this.status());
    return this.#policy.pipeline(this.#steered, round);
  }

  /** Something has changed: look at it now. */
  #look(): void {
    this.#loop.look();
  }

  /** Looks at how things stand and does the next thing. Throws where that fails. */
  async #step(): Promise<void> {
    if (this.#database.state !== "synchronised") {
      this.#enter("connecting-ovsdb", this.#database.reason);
      return this.#update();
    }
    const view = this.#ports.view();
    switch (view.state) {
      case "no-bridge":
        return this.#enter("no-bridge", view.reason);
      case "unsettled":
        this.#enter("port-pending", view.reason);
        await this.#ports.add();
        return this.#look();
      case "pending":
        return this.#enter("port-pending", view.reason);
      case "ready":
        if (this.#connection.version === undefined) {
          const { bridge, ownBridge } = this.#options;
          const failure = this.#connection.lastError;
          return this.#enter(
            "connecting-openflow",
            failure && unanswered(ownBridge?.name ?? bridge, failure),
          );
        }
        return this.#install(view);
    }
  }

  /**
   * Follows peers and table while the database is away. Mostly vswitchd has lost it, too, and then answers nobody until it
   * is back: so nothing is asked that can wait, and a failure is no news.
   */
  async #update(): Promise<void> {
    const ports = this.#steered;
    if (!ports || !this.#flows.installed || this.#connection.version === undefined) return;
    try {
      await this.#installation.carryOut(ports);
    } catch {
      this.#flows.forget();
    }
  }

  /** Brings the flows in line with ports, peers and table. */
  async #install(numbers: PortNumbers): Promise<void> {
    const preparation = await this.#preparation.prepare(numbers);
    if ("waiting" in preparation) {
      this.#loop.nextIn(SETTLE_INTERVAL);
      return this.#enter("port-pending", preparation.waiting);
    }
    const ports = preparation.ready;
    this.#steered = ports;
    const fresh = this.#flows.installed === undefined;
    if (fresh) {
      this.#enter("syncing");
      await this.#installation.begin();
    } else if (!(await this.#installation.holds(ports))) this.#flows.forget();
    const repair = !fresh && this.#flows.installed === undefined;
    const changed = await this.#installation.carryOut(ports);
    if (repair && changed > 0) {
      this.#repairs++;
      this.emit("repaired", changed);
    }
    this.#enter("in-sync");
  }

  #enter(state: SteeringState, reason?: string): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    this.emit("state", this.status());
  }
}
