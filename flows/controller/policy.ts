import {
  type AccessPort,
  compilePipeline,
  type EntryFlows,
  type Explanation,
  explain,
  LAST_PEER,
  type Lan,
  type Pipeline,
  type PipelineInput,
  type RestrictedPort,
} from "../pipeline/index.js";
import type { LookupTable, Tuple } from "../table/index.js";
import type { LocalPort } from "./options.js";
import { type PeerPhase, PeerPhases, type PeerPhasesOptions } from "./peer-phases.js";

/** More peers have been seen than the pipeline's register can tell apart. */
export class TooManyPeersError extends Error {
  readonly code = "too-many-peers";

  constructor() {
    super(`the look-up table names more than ${LAST_PEER} peers; restart with fewer`);
    this.name = "TooManyPeersError";
  }
}

export type PolicyOptions = Pick<
  PipelineInput,
  "layout" | "instance" | "timeouts" | "families" | "rewrite" | "controllerId"
> & {
  readonly phases: PeerPhasesOptions;
  readonly entryFlows: EntryFlows;
};

/** The ports that the pipeline speaks of, as bridge and database agree that they are. */
export interface SteeredPorts {
  /** Ours, at least one. */
  readonly local: readonly LocalPort[];
  /** OpenFlow port numbers. */
  readonly canary: number;
  readonly passFrom: readonly number[];
  readonly access: readonly AccessPort[];
  readonly restricted: readonly RestrictedPort[];
}

/** Ports for trying whether a table compiles, before the real ones are known. */
const PLACEHOLDER_PORTS: SteeredPorts = {
  local: [{ name: "", ofport: 1, mac: "00:00:00:00:00:00", ifindex: 1 }],
  canary: 2,
  passFrom: [],
  access: [],
  restricted: [],
};

/** What is taken, held or refused at all: new connections too, those that have been taken before, or no SYN at all. */
export type Taking = "new" | "known" | "nothing";

/** What is to be taken: the look-up table and the peers that are up, compiled to a pipeline when ports are known. */
export class Policy {
  readonly #options: Omit<PolicyOptions, "phases">;
  readonly #phases: PeerPhases;
  /** Numbers of the peers, in the order in which tables have named them first. A peer keeps its number. */
  #peers: ReadonlyMap<string, number> = new Map();
  #table: LookupTable;
  #peersUp: ReadonlySet<string> = new Set();
  #full: ReadonlySet<string> = new Set();
  #taking: Taking = "new";
  #crowded = false;
  #compiled: { readonly inputs: readonly unknown[]; readonly pipeline: Pipeline } | undefined;

  /** Throws as `setTable` does. */
  constructor(table: LookupTable, { phases, ...options }: PolicyOptions) {
    this.#options = options;
    this.#phases = new PeerPhases(phases);
    this.#table = table;
    this.setTable(table);
  }

  /**
   * Throws `EntryTooWideError`, `TableTooDeepError` and `TooManyPeersError`; then the table stays the one before.
   */
  setTable(table: LookupTable): void {
    const peers = new Map(this.#peers);
    for (const { action } of table.entries) {
      if (action.type === "optimize" && !peers.has(action.peer)) peers.set(action.peer, peers.size + 1);
    }
    if (peers.size > LAST_PEER) throw new TooManyPeersError();
    this.#compile({ table, peers, ports: PLACEHOLDER_PORTS, round: 1 });
    this.#table = table;
    this.#peers = peers;
  }

  peersIn(...phases: PeerPhase[]): ReadonlySet<string> {
    return this.#phases.in(...phases);
  }

  setPeersUp(peers: Iterable<string>, full: Iterable<string>): void {
    this.#peersUp = new Set(peers);
    this.#full = new Set(full);
    this.#want();
  }

  /** Whether anything new is taken, held or refused at all. */
  get taking(): boolean {
    return this.#taking === "new" && !this.#crowded;
  }

  setTaking(taking: Taking): void {
    this.#taking = taking;
    this.#want();
  }

  /** The switch has learned too much: nothing is taken, whatever else is said. */
  setCrowded(crowded: boolean): void {
    this.#crowded = crowded;
    this.#want();
  }

  #want(): void {
    if (this.#taking === "nothing") this.#phases.want([]);
    else this.#phases.want(this.#peersUp, this.taking ? this.#full : this.#peersUp);
  }

  /** What the pipeline says of peers; another object whenever that has changed. */
  get phases(): ReadonlyMap<string, unknown> {
    return this.#phases.current;
  }

  /** The switch does what `phases` has said. */
  installed(phases: ReadonlyMap<string, unknown>): void {
    this.#phases.installed(phases);
  }

  /** See `PeerPhases`. */
  interrupt(): void {
    this.#phases.interrupt();
  }

  /** Whether all peers that are up are steered to. */
  get settled(): boolean {
    return this.#phases.settled;
  }

  stop(): void {
    this.#phases.stop();
  }

  /** The peer of that number. */
  peerName(number: number): string | undefined {
    for (const [name, its] of this.#peers) if (its === number) return name;
    return undefined;
  }

  /** The pipeline for how things stand; the very same one as before where nothing has changed. */
  pipeline(ports: SteeredPorts, round: number): Pipeline {
    const inputs = [this.#table, this.#phases.current, this.taking, JSON.stringify(ports), round];
    if (!this.#compiled || inputs.some((input, i) => input !== this.#compiled!.inputs[i])) {
      const pipeline = this.#compile({ table: this.#table, peers: this.#peers, ports, round });
      this.#compiled = { inputs, pipeline };
    }
    return this.#compiled.pipeline;
  }

  /**
   * What becomes of a new connection by a pipeline of this policy's, and why. `lans`: those of our ports; `inPort`: the
   * OpenFlow number of the port by which it comes in. Throws a `RangeError` for a tuple that is none.
   */
  explain(
    tuple: Tuple,
    lans: readonly Pick<Lan, "vlan">[],
    pipeline: Pipeline,
    inPort?: number,
  ): Explanation {
    return explain(tuple, {
      table: this.#table,
      peersUp: this.peersIn("up"),
      peersOpening: this.peersIn("opening", "reopening"),
      peersFull: this.#full,
      taking: this.taking,
      families: this.#options.families,
      lans,
      pipeline,
      ...(inPort !== undefined && { inPort }),
    });
  }

  #compile(what: {
    readonly table: LookupTable;
    readonly peers: ReadonlyMap<string, number>;
    readonly ports: SteeredPorts;
    readonly round: number;
  }): Pipeline {
    const { table, peers, ports, round } = what;
    const { local, ...others } = ports;
    const named = (...phases: PeerPhase[]) =>
      new Set([...this.#phases.in(...phases)].filter((name) => peers.has(name)));
    return compilePipeline({
      ...this.#options,
      round,
      table,
      peers,
      peersUp: named("up"),
      peersOpening: named("opening", "reopening"),
      peersClosing: named("closing", "reopening"),
      taking: this.taking,
      lans: local.map(({ ofport, mac, vlan }) => ({
        ofport,
        mac: BigInt(`0x${mac.replaceAll(":", "")}`),
        vlan,
      })),
      ...others,
    });
  }
}
