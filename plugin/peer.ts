import type { Socket } from "node:net";
import {
  type MessageAddresses,
  MessageStatus,
  type RateOptions,
  type Transport,
  type TransportDownReason,
  type TransportOptions,
  type TransportState,
  Way,
  type WayMode,
} from "../driver/index.js";
import { addressText } from "../driver/ip-address.js";
import type { Config, LinkMode, PeerConfig } from "./config/index.js";
import {
  type ConnectionCounts,
  dialTransparent,
  type EdgeMemory,
  type Inquiry,
  isTcp,
  TcpConnections,
} from "./edge/tcp/index.js";
import type { Neighbours } from "./host/index.js";
import type { Logger } from "./log.js";
import type { PeerStatus } from "./status.js";

/** What reset messages get to reach the peer before the session ends, in milliseconds. */
const FAREWELL = 300;
const WAYS: Readonly<Record<LinkMode, WayMode>> = { auto: "auto", udp: "datagrams", tcp: "stream" };
/** Taken for the round-trip time until there is one, in milliseconds. */
const UNKNOWN_RTT = 100;

export interface PeerOptions {
  readonly peer: PeerConfig;
  readonly config: Config;
  /** Makes what carries messages to the peer. */
  readonly connect: (options: TransportOptions) => Transport;
  readonly bootId: bigint;
  readonly memory: EdgeMemory;
  readonly neighbours: Neighbours;
  readonly logger: Logger;
  /** New connections to the peer may be taken, or no longer. */
  readonly onReachable: (reachable: boolean) => void;
}

/** The stages towards one peer, joined: edges, and the transport (packet driver and data mover). */
export class Peer {
  readonly name: string;
  readonly #options: PeerOptions;
  readonly #transport: Transport;
  readonly #tcp: TcpConnections;
  #reachable = false;
  #downReason: TransportDownReason | undefined;

  constructor(options: PeerOptions) {
    const { peer, config, connect, bootId, memory, neighbours, logger } = options;
    this.name = peer.name;
    this.#options = options;
    this.#transport = connect({
      site: config.site,
      bootId,
      onMessage: (header, data) => {
        if (isTcp(header)) this.#tcp.receive(header, data);
      },
      bufferSize: config.mover.bufferSize,
      rate: rateOf(config),
      ways: WAYS[peer.link],
      segmentSize: config.mover.segmentSize,
      receiveWindow: config.mover.receiveWindow,
      keepalive: config.mover.keepalive,
      silentAfter: config.mover.silentAfter,
      downAfter: config.mover.deadAfter,
    });
    const { keepalive, connectTimeout, creditMax } = config.edge.tcp;
    this.#tcp = new TcpConnections({
      ready: (source) => this.#transport.ready(source),
      now: () => performance.now(),
      rtt: () => this.#transport.rtt || UNKNOWN_RTT,
      creditMaximum: creditMax,
      memory,
      connectTimeout,
      watchWay: (destination, lost) => neighbours.watch(addressText(destination), lost),
      dial: (addresses) => dialTransparent(addresses, { mark: config.steering.ownMark, keepalive }),
    });
    this.#transport.on("up", (site, resumed) => {
      logger.info(
        { peer: this.name, site: site.site, resumed },
        resumed ? "the peer answers again" : "session up",
      );
      this.#setReachable(true);
    });
    this.#transport.on("silent", () => {
      logger.warn({ peer: this.name }, "the peer is silent: new connections pass directly");
      this.#setReachable(false);
    });
    this.#transport.on("down", (reason) => {
      logger.warn({ peer: this.name, reason }, "session down: its connections are reset");
      this.#downReason = reason;
      this.#setReachable(false);
      this.#tcp.sessionLost();
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
        "datagrams are too long for the way to the peer: lower segment_size",
      );
    });
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  get connections(): ConnectionCounts {
    return this.#tcp.counts;
  }

  start(): void {
    this.#transport.start();
  }

  /** Resets all connections, lets the peer know, and ends the session. */
  async stop(): Promise<void> {
    this.#setReachable(false);
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
  intercept(socket: Socket, addresses: MessageAddresses): void {
    this.#tcp.intercept(socket, addresses);
  }

  /** Asks the peer to connect, for a client whose own connection is yet to come. */
  inquire(addresses: MessageAddresses, answered: (status: number) => void): Inquiry {
    return this.#tcp.inquire(addresses, answered);
  }

  /** Whether there is an open connection with these endpoints that has come of an inquiry. */
  isConfirmed(addresses: MessageAddresses): boolean {
    return this.#tcp.isConfirmed(addresses);
  }

  status(): PeerStatus {
    const stats = this.#transport.stats();
    const { state } = this.#transport;
    const { address, port, family } = this.#options.peer.endpoint;
    return {
      state,
      reason: this.#reason(state),
      link: stats.way === Way.STREAM ? "tcp" : "udp",
      address: family === 6 ? `[${address}]:${port}` : `${address}:${port}`,
      rtt_ms: Number.isNaN(stats.smoothedRtt) ? null : stats.smoothedRtt,
      rate_bps: state === "up" ? stats.rate : null,
      sent_bytes: stats.bytesSent,
      received_bytes: stats.bytesReceived,
      sent_segments: stats.segmentsSent,
      retransmitted_segments: stats.segmentsRetransmitted,
      spurious_segments: stats.segmentsSpurious,
    };
  }

  #reason(state: TransportState): string {
    switch (state) {
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

  #setReachable(reachable: boolean): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    this.#options.onReachable(reachable);
  }
}

function rateOf(config: Config): RateOptions {
  const { rateLimit } = config.mover;
  return rateLimit === null ? { mode: "adaptive" } : { mode: "capped", ceiling: rateLimit };
}
