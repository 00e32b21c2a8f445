import { DOUBT_AFTER, DOUBT_TRIPS } from "./constants.js";
import type { WayMode } from "./contract.js";
import { type LinkStream, Origin, Way } from "./link.js";
import { PathMtu, type PathMtuOptions } from "./path-mtu.js";
import { Roaming } from "./roaming.js";
import { WayChoice } from "./way.js";

/** What the path makes happen. */
export interface PathHost {
  /** The i-th datagram of the batch being received is the peer's. Returns its address if that is a new one. */
  follow(i: number): string | undefined;
  /** Datagrams go to another address from now on. */
  moved(address: string): void;
  /** Sends a probe of that number in a datagram of `bytes` bytes, or as few as it takes, by datagrams and whole. */
  sendProbe(probe: number, bytes: number): void;
  /** What is sent goes by `way` from now on. */
  useWay(way: Way): void;
  /** Segments have another size from now on: `mtu.size`, `mtu.whole` and `mtu.telling`. */
  useSizes(): void;
}

export interface PathOptions extends PathMtuOptions {
  readonly mode: WayMode;
  readonly stream: LinkStream | undefined;
}

/** Which ways there are to the peer, and how long datagrams may be: what is found out by probes. */
export class Path {
  readonly mtu: PathMtu;
  readonly #roaming = new Roaming();
  readonly #ways: WayChoice;
  readonly #stream: LinkStream | undefined;
  readonly #host: PathHost;
  #way: Way;
  #size = 0;
  #whole = 0;
  #probes = 0;
  /** There is a session. */
  #inSession = false;

  constructor(options: PathOptions, host: PathHost) {
    this.#stream = options.stream;
    this.#ways = new WayChoice(options.stream === undefined ? "datagrams" : options.mode);
    this.#way = this.#ways.way;
    // A stream takes any length.
    this.mtu = new PathMtu(this.#way === Way.STREAM ? { ...options, least: options.ceiling } : options);
    this.#host = host;
  }

  get way(): Way {
    return this.#way;
  }

  /** Nothing may be sent for now but what cannot wait. */
  get shut(): boolean {
    return this.#way === Way.STREAM ? (this.#stream?.full ?? true) : this.#roaming.shut;
  }

  /** Whether what comes by that way is looked at, and something may be said by it before there is a session. */
  allows(way: Way): boolean {
    return this.#ways.allows(way);
  }

  /** The other way, if there is one just now. */
  get other(): Way | undefined {
    const other = this.#way === Way.STREAM ? Way.DATAGRAMS : Way.STREAM;
    return this.#stream?.connected && this.allows(other) ? other : undefined;
  }

  start(now: number): void {
    this.#ways.start(now);
  }

  stop(): void {
    this.#stream?.want(false);
  }

  /** A session begins, with a peer that takes datagrams of `segmentSize`. */
  begin(now: number, segmentSize: number): void {
    this.#inSession = true;
    this.mtu.begin(now, segmentSize);
    this.#size = this.mtu.size;
    this.#whole = this.mtu.whole;
  }

  end(): void {
    this.#inSession = false;
    this.mtu.end();
  }

  /** The peer has answered by a datagram. */
  onDatagram(now: number): void {
    this.#ways.onDatagram(now);
  }

  /**
   * An authentic datagram of the session came, of `bytes` bytes, the i-th of the batch being received. `newer` than all
   * before: what is not may be late, or repeated by somebody else. `acknowledged`: the highest physical number that it
   * acknowledges, or 0; `next`: the one that will be sent next.
   */
  onAuthentic(
    i: number,
    origin: number,
    bytes: number,
    newer: boolean,
    acknowledged: number,
    next: number,
  ): void {
    if (origin === Origin.STREAM || (origin === Origin.UNKNOWN_ADDRESS && !newer)) return;
    const address = origin === Origin.DATAGRAM ? undefined : this.#host.follow(i);
    if (origin === Origin.UNKNOWN_STREAM) return;
    if (address !== undefined) {
      this.#roaming.moved(next);
      this.#host.moved(address);
    }
    this.#roaming.received(bytes);
    if (acknowledged > 0) this.#roaming.acknowledged(acknowledged);
  }

  /** A batch of `bytes` bytes has been sent. */
  onSent(way: Way, bytes: number): void {
    if (way === Way.DATAGRAMS) this.#roaming.sent(bytes);
  }

  /** The answer to a probe came by a datagram. */
  onAnswer(now: number, probe: number): void {
    this.#ways.onAnswer(now, probe);
    this.mtu.onAnswer(now, probe);
  }

  nextTimerAt(): number {
    const ways = this.#ways.nextTimerAt();
    return this.#inSession ? Math.min(ways, this.#ways.probeAt, this.#mtuAt) : ways;
  }

  /**
   * Sends the probes that are due, and sees to it that what is sent goes the way that works, in datagrams that get
   * through. `roundTrip` NaN if unknown; long datagrams have had no acknowledgement since `longSince`.
   */
  tend(now: number, roundTrip: number, longSince: number): void {
    const stream = this.#stream;
    const ways = this.#ways;
    ways.onTimer(now, stream?.connected ?? false);
    if (this.#inSession) {
      if (now >= ways.probeAt) ways.onProbe(now, this.#probe(0));
      const patience = Math.max(DOUBT_AFTER, DOUBT_TRIPS * (roundTrip || 0));
      if (this.#way === Way.DATAGRAMS && now >= longSince + patience) this.mtu.onDoubt(now);
      while (now >= this.#mtuAt) {
        const bytes = this.mtu.due(now, roundTrip);
        if (bytes > 0) this.mtu.onProbe(this.#probe(bytes), bytes);
      }
      this.#followSizes();
    }
    stream?.want(ways.wanted);
    if (ways.way === this.#way) return;
    this.#way = ways.way;
    this.#host.useWay(ways.way);
  }

  /** On a stream there is nothing to search for. */
  get #mtuAt(): number {
    return this.#way === Way.DATAGRAMS ? this.mtu.probeAt : Number.POSITIVE_INFINITY;
  }

  #probe(bytes: number): number {
    this.#probes += 1;
    this.#host.sendProbe(this.#probes, bytes);
    return this.#probes;
  }

  #followSizes(): void {
    const { size, whole } = this.mtu;
    if (size === this.#size && whole === this.#whole) return;
    this.#size = size;
    this.#whole = whole;
    this.#host.useSizes();
  }
}
