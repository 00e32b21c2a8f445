import { bad, parseBytes, parseInteger, parseRate, parseShare, parseTime } from "../units.js";
import type { BurstLoss } from "./loss.js";
import type { PipeParameters } from "./pipe.js";

/** The WAN as people describe it. The text is what is kept, so that a queue of "1bdp" follows the rate when that changes. */
export interface WanSettings {
  /** "100mbit", or "unlimited". Counted in whole Ethernet frames. */
  readonly rate: string;
  /** Both ways together; each direction gets half. */
  readonly rtt: string;
  /** Share of frames lost each on its own: "1%". */
  readonly loss: string;
  /** Share of frames lost in bursts, and their mean length: "1%:8". */
  readonly burstLoss: string;
  /** What may wait for the rate: bytes, "64kb", or bandwidth-delay products (rate × rtt), "1bdp"; or "unlimited". */
  readonly queue: string;
  /** How far the delay wanders, each way: "5ms" is ± 5 ms. */
  readonly jitter: string;
  /** Share of frames that arrive late, behind later ones, and how late: "1%:2ms". */
  readonly reorder: string;
  /** Share of frames that arrive twice. */
  readonly duplicate: string;
  /** Of the network layer, in bytes. */
  readonly mtu: string;
}

export const defaultWan: WanSettings = {
  rate: "100mbit",
  rtt: "100ms",
  loss: "0%",
  burstLoss: "0%",
  queue: "1bdp",
  jitter: "0ms",
  reorder: "0%",
  duplicate: "0%",
  mtu: "1500",
};

export const wanSettingNames = Object.keys(defaultWan) as readonly (keyof WanSettings)[];

/** IPv6 needs 1280 (RFC 8200 §5); the sites' own networks have 1500. */
const MTU_RANGE = [1280, 1500] as const;
const ETHERNET_HEADER = 14;
/** However short the way, a few frames may wait: without any, not even a pair sent back to back would pass. */
const LEAST_QUEUE_FRAMES = 10;
const BURST_LENGTH = 8;
const REORDER_DELAY = "2ms";

/** @throws LabError `BAD_OPTION` */
export function pipeParameters(settings: WanSettings): PipeParameters {
  const rate = parseRate("rate", settings.rate);
  const rtt = parseTime("rtt", settings.rtt);
  return {
    delay: rtt / 2,
    rate,
    queue: parseQueue(settings.queue, rate, rtt),
    loss: parseShare("loss", settings.loss),
    burstLoss: parseBurstLoss(settings.burstLoss),
    jitter: parseTime("jitter", settings.jitter),
    reorder: parseReorder(settings.reorder),
    duplicate: parseShare("duplicate", settings.duplicate),
    maximumFrame: parseMtu(settings) + ETHERNET_HEADER,
  };
}

export function parseMtu(settings: Pick<WanSettings, "mtu">): number {
  return parseInteger("mtu", settings.mtu, ...MTU_RANGE);
}

function parseQueue(text: string, rate: number | undefined, rtt: number): number | undefined {
  if (text === "unlimited") return undefined;
  const products = /^(\d+(?:\.\d+)?)\s*bdp$/i.exec(text.trim());
  if (products === null) {
    const bytes = parseBytes("queue", text);
    const least = MTU_RANGE[1] + ETHERNET_HEADER;
    if (bytes < least) throw bad("queue", text, `room for one frame at least, ${least} bytes`);
    return bytes;
  }
  if (rate === undefined) return undefined;
  const product = (rate * rtt) / 8e9;
  return Math.max(Number(products[1]) * product, LEAST_QUEUE_FRAMES * (MTU_RANGE[1] + ETHERNET_HEADER));
}

function parseBurstLoss(text: string): BurstLoss | undefined {
  const [shareText = "", lengthText = `${BURST_LENGTH}`, ...rest] = text.split(":");
  const length = Number(lengthText);
  if (rest.length > 0 || !(length >= 1) || lengthText.trim() === "") {
    throw bad("burst-loss", text, "a share and a mean burst length of 1 or more frames, such as 1%:8");
  }
  const share = parseShare("burst-loss", shareText, 0.99 * (length / (length + 1)));
  return share === 0 ? undefined : { share, length };
}

function parseReorder(text: string): PipeParameters["reorder"] {
  const [shareText = "", delayText = REORDER_DELAY, ...rest] = text.split(":");
  if (rest.length > 0) throw bad("reorder", text, "a share and a time, such as 1%:2ms");
  const share = parseShare("reorder", shareText);
  const delay = parseTime("reorder", delayText);
  return share === 0 ? undefined : { share, delay };
}
