/** How far the steering towards a peer is; one that is in no phase is not steered to. */
export type PeerPhase = "opening" | "up" | "closing";

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
}

/**
 * Begins and ends the steering towards each peer so that no connection is cut in two.
 *
 * | phase | what the switch does with a SYN | left by |
 * |---|---|---|
 * | none | lets it go | wanted (→ opening) |
 * | opening | lets it go, and marks its 5-tuple as one to let go | settled (→ up), no longer wanted (→ none) |
 * | up | takes it | no longer wanted, or interrupted (→ closing) |
 * | closing | takes it where its 5-tuple is taken already, else lets it go | settled (→ none; → opening if wanted) |
 *
 * The two phases between are for what OVS does up to half a second late (`max-revalidator`): it counts the packets of its
 * datapath's flows, and then carries out a `learn` once more for a SYN that came meanwhile, by the flows as they are by
 * then. Without them a SYN that has gone direct would be learned as one that was taken, and the other way round.
 */
export class PeerPhases {
  readonly #options: PeerPhasesOptions;
  #wanted: ReadonlySet<string> = new Set();
  #peers: ReadonlyMap<string, Peer> = new Map();

  constructor(options: PeerPhasesOptions) {
    this.#options = options;
  }

  /** Another object whenever something has changed. */
  get current(): ReadonlyMap<string, { readonly phase: PeerPhase }> {
    return this.#peers;
  }

  in(phase: PeerPhase): ReadonlySet<string> {
    return new Set([...this.#peers].filter(([, peer]) => peer.phase === phase).map(([name]) => name));
  }

  /** Whether all peers that are wanted are steered to. */
  get settled(): boolean {
    return [...this.#wanted].every((name) => this.#peers.get(name)?.phase === "up");
  }

  /** Steers to these peers, and to no others. */
  want(peers: Iterable<string>): void {
    this.#wanted = new Set(peers);
    for (const name of new Set([...this.#wanted, ...this.#peers.keys()])) this.#adjust(name);
  }

  /** The switch may have let go what it was to take: steering to all peers begins anew, once the switch is told. */
  interrupt(): void {
    for (const [name, { phase }] of this.#peers) this.#enter(name, phase === "up" ? "closing" : phase);
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
    const phase = this.#peers.get(name)?.phase;
    const wanted = this.#wanted.has(name);
    if (wanted && phase === undefined) this.#enter(name, "opening");
    else if (!wanted && phase === "opening") this.#enter(name, undefined);
    else if (!wanted && phase === "up") this.#enter(name, "closing");
  }

  #settle(name: string): void {
    this.#enter(name, this.#peers.get(name)!.phase === "opening" ? "up" : undefined);
    this.#adjust(name);
    this.#options.changed();
  }

  #enter(name: string, phase: PeerPhase | undefined): void {
    const peers = new Map(this.#peers);
    clearTimeout(peers.get(name)?.timer);
    if (phase === undefined) peers.delete(name);
    else peers.set(name, { phase });
    this.#peers = peers;
  }
}
