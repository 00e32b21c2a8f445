import type { Lab } from "../../lab.js";
import { parseRate, parseTime } from "../../units.js";
import type { WanSettings } from "../../wan/settings.js";
import { lossOf } from "../ceiling.js";
import { type Contender, hostPair } from "../contender.js";
import { Service } from "../service.js";

export const KCPTUN_PORT = 12_948;
const WAN_PORT = 29_900;

/** Where kcptun's two halves meet, and where they take and give connections. */
export interface KcptunPlaces {
  /** Of the server, on the way between them. */
  readonly server: string;
  /** Where the client listens, and to what the server connects. */
  readonly listen: string;
  readonly target: string;
}

export interface KcptunArguments {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** Both halves' command lines. @param options the same on both sides */
export function kcptunArguments(
  { server, listen, target }: KcptunPlaces,
  options: readonly string[],
): KcptunArguments {
  const common = ["--key", "bench", "--quiet", ...options];
  return {
    client: ["kcptun-client", "-l", listen, "-r", `${server}:${WAN_PORT}`, ...common],
    server: ["kcptun-server", "-l", `${server}:${WAN_PORT}`, "-t", target, ...common],
  };
}

/** For data that does not compress: no snappy, no parity (it would take 23 % of the link), large buffers, a fast cipher. */
export function tunedOptions(window: number): string[] {
  return [
    ...["--mode", "fast", "--nocomp", "--crypt", "aes-128", "--mtu", "1400"],
    ...["--datashard", "0", "--parityshard", "0", "--sndwnd", `${window}`, "--rcvwnd", `${2 * window}`],
    ...["--smuxver", "2", "--smuxbuf", "67108864", "--streambuf", "33554432", "--sockbuf", "16777216"],
  ];
}

/** A datagram of `--mtu 1400` on the wire. */
const FRAME_BYTES = 1442;
/** Seconds: KCP looks at its window every 10 to 40 ms. */
const LEAST_ROUND_TRIP = 0.02;
/** Beyond this KCP's own work for a window is the limit. It is also what serves where the link has no rate. */
const LARGEST_WINDOW = 32_768;
/** Found by trying, at 100 Mbit/s, 100 ms, 1 %: with 1.1 products 38 Mbit/s, with 4 66, with 7 77. */
const WINDOW_OF_LOSSY = 7;
/** As much as the link and its queue hold. */
const WINDOW_OF_CLEAN = 1.8;

/**
 * KCP with `nc=1`, as its fast modes have it, has no congestion control: its window is its rate. Segments leave the window
 * in order, so that one that is lost holds up those behind it, and a link that loses needs several times its product.
 */
export function tunedWindow(wan: WanSettings): number {
  const bits = parseRate("rate", wan.rate);
  if (bits === undefined) return LARGEST_WINDOW;
  const seconds = Math.max(parseTime("rtt", wan.rtt) / 1e9, LEAST_ROUND_TRIP);
  const products = lossOf(wan) > 0 ? WINDOW_OF_LOSSY : WINDOW_OF_CLEAN;
  return Math.min(LARGEST_WINDOW, Math.round(((bits * seconds) / 8 / FRAME_BYTES) * products));
}

export class Kcptun implements Contender {
  readonly name: "kcptun" | "kcptun-default";
  readonly client = hostPair(5).client;
  readonly server = hostPair(5).server;
  readonly address = "10.1.0.1";
  readonly port = KCPTUN_PORT;
  #services: Readonly<Record<string, Service>> = {};

  constructor(name: "kcptun" | "kcptun-default") {
    this.name = name;
  }

  get description(): string {
    return this.name === "kcptun"
      ? "kcptun in both sites' routers, tuned: fast, aes-128, no compression, no parity, windows of 7 BDP (1.8 without loss), smux 2 with large buffers"
      : "kcptun in both sites' routers, with its defaults: fast, aes, snappy, parity 10+3, windows of 1024 and 512";
  }

  get processes() {
    return Object.fromEntries(Object.entries(this.#services).map(([name, { child }]) => [name, child]));
  }

  async start(lab: Lab, wan: WanSettings): Promise<void> {
    const [a, b] = lab.topology.sites;
    const target = hostPair(5);
    const places = {
      server: b!.router.wan.ipv4,
      listen: `${this.address}:${this.port}`,
      target: `${target.address}:${target.port}`,
    };
    const { client, server } = kcptunArguments(
      places,
      this.name === "kcptun" ? tunedOptions(tunedWindow(wan)) : [],
    );
    const started: Record<string, Service> = {};
    this.#services = started;
    started["kcptun server"] = await Service.start({ lab, node: b!.router.name, argv: server });
    started["kcptun client"] = await Service.start({
      lab,
      node: a!.router.name,
      argv: client,
      listensOn: this.port,
    });
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#services).map((service) => service.stop()));
    this.#services = {};
  }
}
