import type { Socket } from "node:net";
import {
  type MessageAddresses,
  MessageStatus,
  type RateOptions,
  type SecurityOptions,
  type Stranger,
  type Transport,
  type TransportDownReason,
  type TransportOptions,
  type TransportState,
  Way,
  type WayMode,
} from "../driver/index.js";
import { addressAndPort } from "../driver/ip-address.js";
import { Accord, isAccord } from "./accord.js";
import { Ceiling } from "./ceiling.js";
import { type Config, classOf, type LinkMode, type PeerConfig } from "./config/index.js";
import {
  type ConnectionCounts,
  type ConnectionsOptions,
  type Dial,
  type EdgeMemory,
  type Inquiry,
  type Interception,
  isTcp,
  TcpConnections,
} from "./edge/tcp/index.js";
import type { Logger } from "./log.js";
import type { PeerStatus } from "./status.js";

/** What reset messages get to reach the peer before the session ends, in milliseconds. */
const FAREWELL = 300;
const WAYS: Readonly<Record<LinkMode, WayMode>> = { auto: "auto", udp: "datagrams", tcp: "stream" };
/** Who speaks in the peer's place is why there is no session for so many milliseconds. */
const STRANGER_MEMORY = 15_000;
/** Taken for the round-trip time until there is one, in milliseconds. */
const UNKNOWN_RTT = 100;

export interface PeerOptions {
  readonly peer: PeerConfig;
  readonly config: Config;
  readonly security: SecurityOptions;
  /** Makes what carries messages to the peer. */
  readonly connect: (options: TransportOptions) => Transport;
  readonly bootId: bigint;
  readonly memory: EdgeMemory;
  /** Opens a connection to an application here. */
  readonly dial: Dial;
  /** See `ConnectionsOptions`. */
  readonly watchWay: NonNullable<ConnectionsOptions["watchWay"]>;
  readonly answerDscp: NonNullable<ConnectionsOptions["answerDscp"]>;
  readonly logger: Logger;
  /** New connections to the peer may be taken, or no longer; resolves once the switch has taken that in. */
  readonly onReachable: (peer: Peer) => Promise<unknown>;
}

/** The stages towards one peer, joined: edges, and the transport (packet driver and data mover). */
export class Peer {
  readonly name: string;
  readonly #options: PeerOptions;
  readonly #transport: Transport;
  readonly #tcp: TcpConnections;
  readonly #accord: Accord;
  readonly #ceiling: Ceiling;
  #carries = false;
  #reachable = false;
  /** Where the peer was last, if it is not always where it should be. */
  #movedTo: string | undefined;
  #downReason: TransportDownReason | undefined;
  /** Who has spoken in the peer's place since there was a session last, and when. */
  #stranger: Stranger | undefined;
  #strangerAt = Number.NEGATIVE_INFINITY;

  constructor(options: PeerOptions) {
    const { peer, config, security, connect, bootId, memory, dial, watchWay, answerDscp, logger } = options;
    this.name = peer.name;
    this.#ceiling = new Ceiling(config.limits.openingPerPeer);
    this.#options = options;
    this.#transport = connect({
      site: config.site,
      bootId,
      security,
      onMessage: (header, data) => {
        if (isTcp(header)) this.#tcp.receive(header, data);
        else if (isAccord(header)) this.#accord.receive(header);
      },
      bufferSize: config.mover.bufferSize,
      rate: rateOf(config),
      ways: WAYS[peer.link],
      segmentSize: config.mover.segmentSize,
      leastSegmentSize: config.mover.leastSegmentSize,
      receiveWindow: config.mover.receiveWindow,
      keepalive: config.mover.keepalive,
      silentAfter: config.mover.silentAfter,
      downAfter: config.mover.deadAfter,
    });
    const { connectTimeout, creditMax } = config.edge.tcp;
    this.#tcp = new TcpConnections({
      ready: (source) => this.#transport.ready(source),
      now: () => performance.now(),
      rtt: () => this.#transport.rtt || UNKNOWN_RTT,
      creditMaximum: creditMax,
      memory,
      connectTimeout,
      // What is accepted early there is lost by a refusal: that has to stop before it comes to this.
      mostOpening: config.limits.opening,
      watchWay,
      answerDscp,
      trafficClass: (name) => classOf(config, name),
      dial,
    });
    this.#accord = new Accord({
      ready: (source) => this.#transport.ready(source),
      changed: () => this.#look(),
      away: (announcement) => void this.#withdraw(announcement),
    });
    this.#transport.on("up", (site, resumed) => {
      logger.info(
        { peer: this.name, site: site.site, resumed },
        resumed ? "the peer answers again" : "session up",
      );
      this.#carries = true;
      this.#stranger = undefined;
      if (!resumed) this.#accord.begin();
      this.#look();
    });
    this.#transport.on("silent", () => {
      logger.warn({ peer: this.name }, "the peer is silent: new connections pass directly");
      this.#carries = false;
      this.#look();
    });
    this.#transport.on("down", (reason) => {
      logger.warn({ peer: this.name, reason }, "session down: its connections are reset");
      this.#downReason = reason;
      this.#carries = false;
      this.#accord.end();
      this.#look();
      this.#tcp.sessionLost();
    });
    this.#transport.on("stranger", (stranger) => this.#meet(stranger));
    this.#transport.on("moved", (address) => {
      logger.info({ peer: this.name, address }, "the peer has another address");
      this.#movedTo = address;
    });
    this.#transport.on("way", (way) => {
      if (way === Way.STREAM) {
        logger.warn({ peer: this.name }, "UDP does not get through to the peer: TCP carries the session");
      } else logger.info({ peer: this.name }, "UDP carries the session to the peer again");
    });
    this.#transport.on("malformed", (error) => {
      logger.error({ peer: this.name, error: error.message }, "a buffer from the peer is malformed");
    });
    this.#transport.on("tooLong", (bytes) => {
      logger.warn(
        { peer: this.name, bytes },
        "datagrams of this length do not get through to the peer: they go in fragments",
      );
    });
  }

  /** Whether new connections to it may be taken: the session is up, and the peer opens them onwards. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /** Connections that are being opened, here for the peer and there for us. */
  get opening(): number {
    return this.#tcp.opening;
  }

  /** Whether no more are being opened than may be. */
  get mayOpen(): boolean {
    this.#ceiling.look(this.#tcp.opening);
    return !this.#ceiling.passed;
  }

  /** Whether those that have been taken already can be carried. */
  get carries(): boolean {
    return this.#carries;
  }

  /** Whether connections that the peer takes can be opened onwards at this site. */
  set inPlace(inPlace: boolean) {
    this.#accord.inPlace = inPlace;
  }

  /** Has the peer take no new connections towards this site; resolves once it does so. */
  leave(): Promise<void> {
    return this.#accord.leave();
  }

  /** How many connections there are. */
  get open(): number {
    return this.#tcp.open;
  }

  get connections(): ConnectionCounts {
    return this.#tcp.counts;
  }

  /** How many of them are of each class. */
  get openByClass(): ReadonlyMap<string, number> {
    return this.#tcp.openByClass;
  }

  start(): void {
    this.#transport.start();
  }

  /** Resets all connections, lets the peer know, and ends the session. */
  async stop(): Promise<void> {
    this.#carries = false;
    this.#look();
    this.#tcp.resetAll(MessageStatus.SHUTDOWN);
    if (this.#transport.state === "up") {
      const end = performance.now() + FAREWELL;
      while (this.#transport.busy && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#transport.stop();
    this.#tcp.stop();
  }

  /** An application's connection that the switch has steered here. */
  intercept(socket: Socket, interception: Interception): void {
    this.#tcp.intercept(socket, interception);
  }

  /** Asks the peer to connect, for a client whose own connection is yet to come. */
  inquire(interception: Interception, answered: (status: number) => void): Inquiry {
    return this.#tcp.inquire(interception, answered);
  }

  /** Somebody on the way to a destination says that the peer's packets do not get there, and why. */
  unreachable(addresses: MessageAddresses, status: MessageStatus): void {
    this.#tcp.unreachable(addresses, status);
  }

  /** Whether there is an open connection with these endpoints that has come of an inquiry. */
  isConfirmed(addresses: MessageAddresses): boolean {
    return this.#tcp.isConfirmed(addresses);
  }

  /** @param taken whether new connections to it are taken, as far as that hangs on it */
  status(taken: boolean): PeerStatus {
    const stats = this.#transport.stats();
    const session = this.#transport.state;
    const waits = this.#accord.welcome ? "opening" : "waiting";
    const state = session === "up" && !taken ? waits : this.#mismatch(session);
    const { address, port } = this.#options.peer.endpoint;
    return {
      state,
      reason: this.#reason(state),
      link: stats.way === Way.STREAM ? "tcp" : "udp",
      address: this.#movedTo ?? addressAndPort(address, port),
      encryption: this.#options.security === "off" ? "off" : "aes-256-gcm",
      rtt_ms: Number.isNaN(stats.smoothedRtt) ? null : stats.smoothedRtt,
      rate_bps: session === "up" ? stats.rate : null,
      segment_bytes: state === "up" ? stats.segmentSize : null,
      sent_bytes: stats.bytesSent,
      received_bytes: stats.bytesReceived,
      sent_segments: stats.segmentsSent,
      retransmitted_segments: stats.segmentsRetransmitted,
      spurious_segments: stats.segmentsSpurious,
      repaired_segments: stats.segmentsRepaired,
    };
  }

  /** While no session comes about, it says so in the state that somebody tries with what we do not take. */
  #mismatch(session: TransportState): TransportState | Mismatch {
    const waiting = session === "connecting" || session === "down";
    const recent = performance.now() < this.#strangerAt + STRANGER_MEMORY;
    if (this.#stranger === undefined || !waiting || !recent) return session;
    return MISMATCHES[this.#stranger.kind];
  }

  #meet(stranger: Stranger): void {
    // There may be many of them while a session is up, and none of them hurts it.
    const known = JSON.stringify(stranger) === JSON.stringify(this.#stranger);
    this.#stranger = stranger;
    this.#strangerAt = performance.now();
    if (!known)
      this.#options.logger.warn({ peer: this.name }, `not the peer: ${strangeness(this.name, stranger)}`);
  }

  #reason(state: TransportState | Mismatch | "waiting" | "opening"): string {
    switch (state) {
      case "key-mismatch":
      case "encryption-mismatch":
        return strangeness(this.name, this.#stranger!);
      case "waiting":
        return "it opens no connections yet, or is about to stop; new connections pass directly";
      case "opening":
        return "new connections are taken from a second on";
      case "connecting":
        return "no answer to our hello yet";
      case "silent":
        return "nothing has come from it for a while; new connections pass directly";
      case "down":
        return `the session ended (${this.#downReason ?? "unknown"}); saying hello again`;
      case "failed":
        return "what carries the messages has failed here";
      default:
        return "";
    }
  }

  #look(): void {
    const reachable = this.#carries && this.#accord.welcome;
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    void this.#options.onReachable(this);
  }

  /** The peer is about to go, and is told when nothing that is steered towards it can come any more. */
  async #withdraw(announcement: number): Promise<void> {
    await this.#options.onReachable(this);
    this.#accord.withdrawn(announcement);
  }
}

/** No session comes about, since the two sites' configurations do not fit each other. */
type Mismatch = "key-mismatch" | "encryption-mismatch";

const MISMATCHES: Readonly<Record<Stranger["kind"], Mismatch>> = {
  "other-key": "key-mismatch",
  "wrong-key": "key-mismatch",
  unencrypted: "encryption-mismatch",
  encrypted: "encryption-mismatch",
};

function strangeness(peer: string, stranger: Stranger): string {
  switch (stranger.kind) {
    case "other-key":
      return `who speaks in its place has the public key ${stranger.key}; if that is the peer's, put it into peers.${peer}.public_key here`;
    case "wrong-key":
      return "who speaks in its place has another public key for this site; give it the one that `ovs-tpo pubkey` prints for key_file here";
    case "unencrypted":
      return "it does not encrypt, and this site does; say the same in mover.encryption at both";
    case "encrypted":
      return "it encrypts, and this site does not (mover.encryption is off); say the same at both";
  }
}

function rateOf(config: Config): RateOptions {
  const { rate, rateLimit } = config.mover;
  if (rateLimit === null) return { mode: "adaptive" };
  return rate === "fixed" ? { mode: "fixed", rate: rateLimit } : { mode: "capped", ceiling: rateLimit };
}
