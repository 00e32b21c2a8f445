import type { Socket } from "node:net";
import { bind, close } from "../driver/ffi/index.js";
import type { MessageAddresses } from "../driver/index.js";
import { addressBytes, addressText } from "../driver/ip-address.js";
import type { Ends, Family, HeldPacket, LocalPort, Steering, Translation } from "../flows/index.js";
import type { BridgeConfig } from "./config/index.js";
import {
  type Arrival,
  abort,
  connectRewritten,
  failing,
  type Onward,
  RewrittenListener,
  rewrittenSocket,
  type Translated,
  Translations,
} from "./edge/tcp/index.js";
import { readSyn } from "./packet/index.js";

/** How often connections that are over are looked for, in milliseconds. */
const SWEEP_INTERVAL = 1000;

export interface RewriteOptions {
  readonly bridge: BridgeConfig;
  readonly steering: Steering;
  /** A client's connection, with the ends that it has on the LAN. */
  readonly onConnection: (accepted: Socket, arrival: Arrival) => void;
}

/**
 * The form `rewrite` at one bridge: the edge listens at, and connects from, an address of its own; for each connection the
 * switch is told what to rewrite before its first packet leaves for the edge, or the edge.
 */
export class Rewrite {
  readonly #options: RewriteOptions;
  readonly #translations: Translations;
  readonly #sweeping: NodeJS.Timeout;
  #listeners: readonly RewrittenListener[] | undefined;
  #ifindex = 0;

  constructor(options: RewriteOptions) {
    const { bridge, steering } = options;
    this.#options = options;
    this.#translations = new Translations({
      address: (length) => this.#own.find((address) => address.length === length),
      listenPort: bridge.listenPort,
      linger: bridge.steering.finIdle,
      now: () => performance.now(),
      gone: (translated) => steering.untranslate(translation(translated)),
    });
    this.#sweeping = setInterval(() => this.#translations.sweep(), SWEEP_INTERVAL).unref();
  }

  /** The local port is there, for the first time or anew. */
  async prepare({ ifindex }: LocalPort): Promise<void> {
    if (this.#listeners !== undefined && ifindex !== this.#ifindex)
      for (const listener of this.#listeners) listener.rebind(ifindex);
    this.#ifindex = ifindex;
    this.#listeners ??= await this.#listen();
  }

  /** Takes a held SYN, and what comes after it. */
  take(packet: HeldPacket, frame: Uint8Array, family: Family): void {
    const syn = readSyn(frame);
    const translated = syn && this.#translations.arrive(syn);
    if (translated === undefined) return;
    // It fails where the switch is away; then the SYN is lost as well, and its client sends another.
    this.#options.steering.translate(translation(translated)).catch(() => undefined);
    this.#options.steering.take(packet, frame, family);
  }

  /** Opens a connection to an application here, in its client's name. What goes wrong comes as the socket's "error". */
  dial(onward: Onward): Socket {
    const { steering } = this.#options;
    const { addresses } = onward;
    let fd: number | undefined;
    let translated: Translated | undefined;
    try {
      const own = rewrittenSocket(onward, this.#ifindex);
      fd = own;
      translated = this.#translations.depart(addresses, (address, port) =>
        bind(own, { address: addressText(address), port }),
      );
      if (translated === undefined) throw new ConnectionTakenError(addresses);
    } catch (error) {
      if (fd !== undefined) close(fd);
      return failing(error as Error);
    }
    const kept = translated;
    const dialing = connectRewritten(fd, onward, steering.translate(translation(kept)));
    dialing.once("close", () => this.#translations.ended(kept));
    return dialing;
  }

  close(): void {
    for (const listener of this.#listeners ?? []) listener.close();
  }

  /** Forgets all connections, which are over. */
  stop(): void {
    clearInterval(this.#sweeping);
  }

  get #own(): Uint8Array[] {
    return this.#options.bridge.port.addresses.map(({ address }) => addressBytes(address));
  }

  async #listen(): Promise<RewrittenListener[]> {
    const { bridge } = this.#options;
    const listeners: RewrittenListener[] = [];
    const families = new Map(
      bridge.port.addresses
        .map(({ family, address }) => [family === 4 ? "ipv4" : "ipv6", address] as const)
        .reverse(),
    );
    try {
      for (const [family, address] of families) {
        listeners.push(
          await RewrittenListener.open({
            family,
            address,
            port: bridge.listenPort,
            ifindex: this.#ifindex,
            onConnection: (accepted, arrival) => this.#accept(accepted, arrival),
          }),
        );
      }
      return listeners;
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
  }

  /** Whoever addresses the listener himself is nobody: only what the switch was told of is for us. */
  #accept(accepted: Socket, { ends, dscp }: Arrival): void {
    const translated = this.#translations.accepted(ends);
    if (translated === undefined) {
      abort(accepted);
      return;
    }
    accepted.once("close", () => this.#translations.ended(translated));
    this.#options.onConnection(accepted, { ends: translated.outside, dscp });
  }
}

/** A connection is to be opened that there is already, or for which no port is left. */
export class ConnectionTakenError extends Error {
  override readonly name = "ConnectionTakenError";
  readonly code = "EADDRINUSE";

  constructor({ source, sourcePort }: MessageAddresses) {
    super(
      `${addressText(source)} port ${sourcePort} has a connection there already, or no port of ours is free`,
    );
  }
}

function translation({ outside, inside }: Translated): Translation {
  return { outside: ends(outside), inside: ends(inside) };
}

function ends({ source, destination, ...ports }: MessageAddresses): Ends {
  return {
    family: source.length === 4 ? "ipv4" : "ipv6",
    source: number(source),
    destination: number(destination),
    sourcePort: ports.sourcePort,
    destinationPort: ports.destinationPort,
  };
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
