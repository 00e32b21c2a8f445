import type { MessageAddresses } from "../../../driver/index.js";
import { endpointsKey } from "./endpoints.js";

/** So many clients may be on their way to us at most; a flood of SYNs costs no more. Who comes then sends its SYN again. */
const MOST_PENDING = 4096;
/** A client whose SYN has been rewritten is here within this time, or never. Milliseconds. */
const PENDING = 10_000;
/** Ports of the edge's from which it opens connections: from this one up. */
const FIRST_PORT = 16_384;
const LAST_PORT = 65_535;

/** Both views of one connection, in the direction towards the edge. */
export interface Translated {
  /** On the LAN. */
  readonly outside: MessageAddresses;
  /** At the edge's own address. */
  readonly inside: MessageAddresses;
}

export interface TranslationsOptions {
  /** The edge's own address of a family: 4 or 16 bytes. */
  readonly address: (length: number) => Uint8Array | undefined;
  /** Of the edge's listener. */
  readonly listenPort: number;
  /** How long packets of a connection that has ended may still come, in milliseconds. */
  readonly linger: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** A connection is over for good: its flows may go. */
  readonly gone: (translated: Translated) => void;
}

interface Kept extends Translated {
  state: "pending" | "open" | "ended";
  since: number;
}

/**
 * Form `rewrite`: which ends a connection has on the LAN, by those that it has at the edge. Every connection is told of
 * before its first packet comes, and has ends at the edge that no other has; what is not known here is nobody's.
 *
 * | state | left by |
 * |---|---|
 * | pending | it is accepted (→ open), or does not come in time (→ gone) |
 * | open | its socket is closed (→ ended) |
 * | ended | its client opens it again (→ pending), or enough time has passed (→ gone) |
 */
export class Translations {
  readonly #options: TranslationsOptions;
  readonly #byOutside = new Map<string, Kept>();
  readonly #byInside = new Map<string, Kept>();
  readonly #portsInUse = new Set<number>();
  #pending = 0;
  #nextPort = FIRST_PORT;

  constructor(options: TranslationsOptions) {
    this.#options = options;
  }

  /**
   * A client's SYN is to be taken: the ends that its connection gets. It keeps its own address and, unless it has another
   * connection here by the same, its own port. Undefined where too many are on their way.
   */
  arrive(outside: MessageAddresses): Translated | undefined {
    const { now, listenPort, address } = this.#options;
    const known = this.#byOutside.get(endpointsKey(outside));
    if (known !== undefined) {
      if (known.state !== "open") this.#enter(known, "pending");
      return known;
    }
    const own = address(outside.source.length);
    if (own === undefined || this.#pending >= MOST_PENDING) return undefined;
    const inside = { ...outside, destination: own, destinationPort: listenPort };
    for (let tries = 0; this.#byInside.has(endpointsKey(inside)); tries++) {
      if (tries > LAST_PORT) return undefined;
      inside.sourcePort = (inside.sourcePort % LAST_PORT) + 1;
    }
    return this.#keep({ outside, inside, state: "pending", since: now() });
  }

  /** The ends on the LAN of a connection that has been accepted; undefined for one that nobody has told of. */
  accepted(inside: MessageAddresses): Translated | undefined {
    const kept = this.#byInside.get(endpointsKey(inside));
    if (kept?.state !== "pending") return undefined;
    this.#enter(kept, "open");
    return kept;
  }

  /**
   * A connection is to be opened in a client's name: the ends that its answers get, at a port of ours for which `bind` does
   * not throw. Undefined where there is one with these ends already, or no port.
   */
  depart(
    client: MessageAddresses,
    bind: (address: Uint8Array, port: number) => void,
  ): Translated | undefined {
    const outside = reversed(client);
    const known = this.#byOutside.get(endpointsKey(outside));
    if (known?.state === "open") return undefined;
    if (known !== undefined) this.#forget(known);
    const own = this.#options.address(client.source.length);
    const port = own && this.#bindPort((port) => bind(own, port));
    if (own === undefined || port === undefined) return undefined;
    this.#portsInUse.add(port);
    const inside = { ...outside, destination: own, destinationPort: port };
    return this.#keep({ outside, inside, state: "open", since: this.#options.now() });
  }

  /** Its socket is closed. */
  ended(translated: Translated): void {
    const kept = this.#byOutside.get(endpointsKey(translated.outside));
    if (kept === translated) this.#enter(kept, "ended");
  }

  /** Forgets what is over. */
  sweep(): void {
    const { now, linger } = this.#options;
    for (const kept of this.#byOutside.values()) {
      const age = now() - kept.since;
      if (kept.state === "pending" ? age > PENDING : kept.state === "ended" && age > linger)
        this.#forget(kept);
    }
  }

  get size(): number {
    return this.#byOutside.size;
  }

  #bindPort(bind: (port: number) => void): number | undefined {
    for (let tries = 0; tries <= LAST_PORT - FIRST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (port === this.#options.listenPort || this.#portsInUse.has(port)) continue;
      try {
        bind(port);
        return port;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      }
    }
    return undefined;
  }

  #keep(kept: Kept): Kept {
    this.#byOutside.set(endpointsKey(kept.outside), kept);
    this.#byInside.set(endpointsKey(kept.inside), kept);
    if (kept.state === "pending") this.#pending++;
    return kept;
  }

  #enter(kept: Kept, state: Kept["state"]): void {
    this.#pending += Number(state === "pending") - Number(kept.state === "pending");
    kept.state = state;
    kept.since = this.#options.now();
  }

  #forget(kept: Kept): void {
    this.#byOutside.delete(endpointsKey(kept.outside));
    this.#byInside.delete(endpointsKey(kept.inside));
    this.#portsInUse.delete(kept.inside.destinationPort);
    if (kept.state === "pending") this.#pending--;
    this.#options.gone(kept);
  }
}

function reversed({ source, sourcePort, destination, destinationPort }: MessageAddresses): MessageAddresses {
  return {
    source: destination,
    sourcePort: destinationPort,
    destination: source,
    destinationPort: sourcePort,
  };
}
