import {
  type Connection,
  type FlowDescription,
  Group,
  type LearnAction,
  type Match,
  NO_BUFFER,
  Port,
  PortConfig,
  type PortDescription,
  Table,
} from "openflow-ts";
import {
  allOurs,
  type CookieRange,
  decodeCookie,
  type Flow,
  installedByUs,
  LAST_ROUND,
  learnedInRound,
} from "../pipeline/index.js";
import { type ListedFlow, listFlows } from "./listing.js";
import {
  addFlow,
  changes,
  type Difference,
  deleteByCookie,
  deleteFlow,
  difference,
  isEmpty,
  learnSpellings,
} from "./reconcile.js";

/** The switch has taken our flows and does not have them. */
export class FlowsMissingError extends Error {
  readonly code = "flows-missing";

  constructor({ missing, surplus }: Difference) {
    super(
      `the switch accepted our flows, but ${missing.length} are missing and ${surplus.length} are too many: ` +
        "another controller may be changing them",
    );
    this.name = "FlowsMissingError";
  }
}

/** An Ethernet frame that no switch forwards, for packet-outs whose actions are all that counts. */
const EMPTY_FRAME = new Uint8Array(60);

/** Flows that are removed at once, so that the switch gets to do something else in between. */
const MOST_REMOVED = 1000;

/** A table, and what its flows match at least. */
export interface Place {
  readonly table: number;
  readonly match?: Match;
}

const ANYBODYS: CookieRange = { cookie: 0n, mask: 0n };

/** Our flows on a bridge that a connection leads to: brought in line, counted, removed. */
export class BridgeFlows {
  readonly #connection: Connection;
  readonly #instance: number;
  /** How this switch reports what we send, where it has other words for the same. */
  readonly #spellings = new Map<string, string>();
  #round: number | undefined;
  /** What is on the switch; undefined while that is not known. */
  #installed: readonly Flow[] | undefined;
  /** What earlier lives have left of learned flows is gone. */
  #cleared = false;

  constructor(connection: Connection, instance: number) {
    this.#connection = connection;
    this.#instance = instance;
  }

  get installed(): readonly Flow[] | undefined {
    return this.#installed;
  }

  /** Nothing is known of the switch any more, as after a reconnection. */
  forget(): void {
    this.#installed = undefined;
  }

  /** Which life of the plugin this is, where that is known. */
  get knownRound(): number | undefined {
    return this.#round;
  }

  /** Which life of the plugin this is: one more than the greatest of which there are learned flows. */
  async round(): Promise<number> {
    if (this.#round === undefined) {
      const rounds = (await this.#reported()).map(({ cookie }) => decodeCookie(cookie)?.round ?? 0);
      this.#round = (Math.max(0, ...new Set(rounds)) % LAST_ROUND) + 1;
    }
    return this.#round;
  }

  /**
   * Makes the switch hold these flows of ours and no others, in one atomic bundle. Looks at what is there first, unless
   * that is known; at learned flows, which can be very many, only until those of earlier lives are gone. Resolves to the
   * number of changes.
   */
  async install(wanted: readonly Flow[]): Promise<number> {
    const known = this.#installed;
    if (known === wanted) return 0;
    const round = await this.round();
    this.#installed = undefined;
    const installed = installedByUs(this.#instance);
    const there = known ?? (await this.#reported(this.#cleared ? installed : allOurs(this.#instance)));
    const before = difference(wanted, there, round, this.#spellings);
    const mods = changes(before, this.#instance);
    if (mods.length > 0) await this.#connection.bundle(mods);
    this.#cleared = true;
    if (known === undefined && mods.length > 0) {
      const reported = await this.#reported(installed);
      learnSpellings(before.missing, reported, this.#spellings);
      const after = difference(wanted, reported, round, this.#spellings);
      if (!isEmpty(after)) throw new FlowsMissingError(after);
    }
    this.#installed = wanted;
    return mods.length;
  }

  /** Whether as many flows of ours are there as we have installed; cheap for the switch, however many there are. */
  async complete(): Promise<boolean> {
    return (await this.#count(installedByUs(this.#instance))) === this.#installed?.length;
  }

  /** How many flows the switch has learned for us in this life. */
  async countLearned(): Promise<number> {
    return this.#count(learnedInRound(this.#instance, await this.round()));
  }

  /** Removes the flows of taken SYNs that nothing has followed for so many seconds. Resolves to how many. */
  async removeBarren(seconds: number): Promise<number> {
    const { cookie, mask } = learnedInRound(this.#instance, await this.round());
    const barren: FlowDescription[] = [];
    for await (const flow of this.#connection.flows({ cookie, cookieMask: mask })) {
      const { duration, packetCount } = flow.stats;
      // Those without a peer are for the answers to an edge's SYN, which may take as long as the edge waits.
      const taken = decodeCookie(flow.cookie)?.peer !== 0;
      if (taken && packetCount === 0n && (duration?.seconds ?? 0) >= seconds) barren.push(flow);
    }
    for (let at = 0; at < barren.length; at += MOST_REMOVED)
      await this.#connection.bundle(barren.slice(at, at + MOST_REMOVED).map(deleteFlow));
    return barren.length;
  }

  /** Whether no flow is there that an instance of ours has put there to stay. */
  async none(): Promise<boolean> {
    return (await this.#count(installedByUs(this.#instance))) === 0;
  }

  /** A flow in a place that is not ours, if there is one; looked for one by one only where the numbers tell of one. */
  async foreign(place: Place): Promise<FlowDescription | undefined> {
    const { cookie, mask } = allOurs(this.#instance);
    const all = await this.#count(ANYBODYS, place);
    if (all <= (await this.#count({ cookie, mask }, place))) return undefined;
    let found: FlowDescription | undefined;
    for await (const flow of this.#connection.flows(place))
      if ((flow.cookie & mask) !== cookie) found ??= flow;
    return found;
  }

  async #count({ cookie, mask }: CookieRange, place: Partial<Place> = {}): Promise<number> {
    const filter = {
      table: Table.ALL,
      outPort: Port.ANY,
      outGroup: Group.ANY,
      cookie,
      cookieMask: mask,
      match: [],
      ...place,
    };
    for await (const { stats } of this.#connection.multipart<"aggregate">({ type: "aggregate", ...filter })) {
      return stats.flowCount ?? 0;
    }
    return 0;
  }

  /** Removes all that is ours, learned flows as well. */
  async remove(): Promise<void> {
    this.#installed = undefined;
    await this.#connection.bundle([deleteByCookie(allOurs(this.#instance))]);
  }

  /** What of ours is on the switch beside what should be. */
  async list(wanted: readonly Flow[]): Promise<ListedFlow[]> {
    return listFlows(wanted, await this.#reported(), this.#spellings);
  }

  /** The bridge's ports, by name. */
  async ports(): Promise<Map<string, PortDescription>> {
    const ports = new Map<string, PortDescription>();
    for await (const port of this.#connection.ports()) ports.set(port.name, port);
    return ports;
  }

  /** Keeps floods out of a port that nobody reads. */
  async quieten({ port, hardwareAddress, config }: PortDescription): Promise<void> {
    if (config & PortConfig.NO_FWD) return;
    const mask = PortConfig.NO_FWD;
    await this.#connection.request({
      type: "port_mod",
      port,
      hardwareAddress,
      config: mask,
      mask,
      properties: {},
    });
  }

  /** Puts one flow there that comes and goes, beside those that are installed. */
  put(flow: Flow): void {
    this.#connection.send(addFlow(flow));
  }

  /** Resolves when the switch has done all that it was told before. */
  async settled(): Promise<void> {
    await this.#connection.barrier();
  }

  /** Takes back one flow that comes and goes. */
  takeBack(flow: Flow): void {
    this.#connection.send(deleteFlow(flow));
  }

  /** Has the switch do an action, as if a packet had met it. */
  perform(action: LearnAction): void {
    this.#connection.send({
      type: "packet_out",
      bufferId: NO_BUFFER,
      match: [{ field: "in_port", value: BigInt(Port.CONTROLLER) }],
      actions: [action],
      data: EMPTY_FRAME,
    });
  }

  async #reported({ cookie, mask } = allOurs(this.#instance)): Promise<FlowDescription[]> {
    const flows: FlowDescription[] = [];
    for await (const flow of this.#connection.flows({ cookie, cookieMask: mask })) flows.push(flow);
    return flows;
  }
}
