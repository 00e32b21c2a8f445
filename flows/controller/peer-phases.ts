/** How far the steering towards a peer is; one that is in no phase is not steered to. */
export type PeerPhase = "opening" | "up" | "closing" | "reopening";

export interface PeerPhasesOptions {
  /** Milliseconds for which the switch has to have done what `opening` and `closing` ask for. */
  readonly settle: number;
  /** The phases have changed by themselves: the switch is to be told. */
  readonly changed: () => void;
}

interface Peer {
  readonly phase: PeerPhase;
  /** Runs from when the switch does as the phase says. */
  timer?: NodeJS.Timeout;
  /** It has run out. */
  settled?: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Begins and ends the steering towards each peer so that no connection is cut in two.
 *
 * | phase | what the switch does with a SYN | left by |
 * |---|---|---|
 * | none | lets it go | wanted (→ opening) |
 * | opening | lets it go, and marks its 5-tuple as one to let go | settled (→ up), no longer wanted, or full (→ none) |
 * | up | takes it | no longer wanted, full, or interrupted (→ closing) |
 * | closing | takes it where its 5-tuple is taken already, else lets it go | settled (→ none; → reopening if wanted), but not while it is full |
 * | reopening | takes it where its 5-tuple is taken already; marks the others as in opening | settled (→ up); as up |
 *
 * The phases between are for what OVS does up to half a second late (`max-revalidator`): it counts the packets of its
 * datapath's flows, and then carries out a `learn` once more for a SYN that came meanwhile, by the flows as they are by
 * then. Without them a SYN that has gone direct would be learned as one that was taken, and the other way round. And they
 * are for SYNs that are sent again, to which a switch that is busy may come seconds later.
 */
export class PeerPhases {
  readonly #options: PeerPhasesOptions;
  #wanted: ReadonlySet<string> = NONE;
  #full: ReadonlySet<string> = NONE;
  #peers: ReadonlyMap<string, Peer> = new Map();

  constructor(options: PeerPhasesOptions) {
    this.#options = options;
  }

  /** Another object whenever something has changed. */
  get current(): ReadonlyMap<string, { readonly phase: PeerPhase }> {
    return this.#peers;
  }

  in(...phases: PeerPhase[]): ReadonlySet<string> {
    return new Set([...this.#peers].filter(([, { phase }]) => phases.includes(phase)).map(([name]) => name));
  }

  /** Whether all peers that are wanted, and not full, are steered to. */
  get settled(): boolean {
    return [...this.#wanted].every((name) => this.#full.has(name) || this.#peers.get(name)?.phase === "up");
  }

  /** Steers to these peers, and to no others; to those that are `full` what has been taken already, and nothing new. */
  want(peers: Iterable<string>, full: ReadonlySet<string> = NONE): void {
    this.#wanted = new Set(peers);
    this.#full = full;
    for (const name of new Set([...this.#wanted, ...this.#peers.keys()])) this.#adjust(name);
  }

  /** The switch may have let go what it was to take: steering to all peers begins anew, once the switch is told. */
  interrupt(): void {
    for (const [name, { phase }] of this.#peers) this.#enter(name, phase === "opening" ? phase : "closing");
  }

  /** The switch does what `current` has said, if it still says so. */
  installed(current: ReadonlyMap<string, unknown>): void {
    if (current !== this.#peers) return;
    for (const [name, peer] of this.#peers) {
      if (peer.phase === "up") continue;
      peer.timer ??= setTimeout(() => this.#settle(name), this.#options.settle).unref();
    }
  }

  stop(): void {
    for (const { timer } of this.#peers.values()) clearTimeout(timer);
  }

  #adjust(name: string): void {
    const { phase, settled } = this.#peers.get(name) ?? {};
    const isWanted = this.#wanted.has(name);
    const isFull = this.#full.has(name);
    if (phase === undefined) {
      if (isWanted && !isFull) this.#enter(name, "opening");
    } else if (phase !== "closing") {
      if (isWanted && !isFull) return;
      this.#enter(name, phase === "opening" ? undefined : "closing");
    } else if (settled) {
      if (!isWanted) this.#enter(name, undefined);
      else if (!isFull) this.#enter(name, "reopening");
    }
  }

  #settle(name: string): void {
    const peer = this.#peers.get(name)!;
    peer.settled = true;
    if (peer.phase === "closing") this.#adjust(name);
    else this.#enter(name, "up");
    if (this.#peers.get(name) !== peer) this.#options.changed();
  }

  #enter(name: string, phase: PeerPhase | undefined): void {
    const peers = new Map(this.#peers);
    clearTimeout(peers.get(name)?.timer);
    if (phase === undefined) peers.delete(name);
    else peers.set(name, { phase });
    this.#peers = peers;
  }
}
