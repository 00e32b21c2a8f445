/**
 * What the packet driver costs: `node dist/test/bench/packet-driver.js`, after a build. Not part of the tests.
 *
 * One thread sends and receives. Rates are bytes of messages per second of CPU time, so that a busy neighbour on the
 * same cores disturbs them less; of several rounds the median and the spread are printed.
 */

import { randomFillSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type MessageHeader, type MessageSource, MessageType, PacketDriver } from "../../driver/index.js";

const ROUNDS = 5;
const ROUND_BYTES = 200_000_000;

interface Load {
  readonly name: string;
  readonly data: Uint8Array;
  readonly messageLength: number;
  readonly connections: number;
}

/** A connection with as much to say as one likes, from `data` over and over, far from where the others are. */
function bulk(load: Load, connection: number): MessageSource {
  const { data, messageLength } = load;
  const header = { type: MessageType.DATA, flags: 1, protocol: 6, status: 0, addresses: undefined } as const;
  const own = { ...header, connection, sequence: 0 } satisfies MessageHeader;
  let at = Math.floor(((connection - 1) * data.length) / load.connections);
  return {
    priority: 1,
    pull(writer, quantum) {
      for (let left = quantum; left > 16; ) {
        const length = Math.min(messageLength, left - 16, writer.room - 16);
        const place = length > 0 ? writer.reserve(own, length) : undefined;
        if (place === undefined) break;
        if (at + length > data.length) at = 0;
        place.set(data.subarray(at, at + length));
        at += length;
        own.sequence += 1;
        left -= 16 + length;
      }
      return true;
    },
  };
}

interface Figures {
  readonly send: number;
  readonly receive: number;
  readonly messages: number;
}

/** Microseconds of CPU time for sending and for receiving `ROUND_BYTES`. */
function round(load: Load, driver: PacketDriver, far: PacketDriver): Figures {
  const figures = { send: 0, receive: 0, messages: 0 };
  const before = driver.statistics().sent;
  const until = before.messageBytes + ROUND_BYTES;
  const batch: Uint8Array[] = [];
  while (driver.statistics().sent.messageBytes < until) {
    const start = process.cpuUsage();
    for (let i = 0; i < 32; i += 1) batch.push(driver.nextBuffer()!);
    const sent = process.cpuUsage(start);
    const middle = process.cpuUsage();
    for (const buffer of batch) {
      if (far.receive(buffer) !== undefined) throw new Error(`${load.name}: malformed`);
    }
    const received = process.cpuUsage(middle);
    for (const buffer of batch) driver.release(buffer);
    batch.length = 0;
    figures.send += sent.user + sent.system;
    figures.receive += received.user + received.system;
  }
  figures.messages = driver.statistics().sent.messages - before.messages;
  return figures;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function column(values: readonly number[], width: number): string {
  const spread = `${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`;
  return `${median(values).toFixed(0)} (${spread})`.padStart(width);
}

function measure(load: Load, compress: boolean): void {
  let sum = 0;
  const onMessage = (header: MessageHeader, data: Uint8Array) => {
    sum += header.sequence + data[0]!;
  };
  const driver = new PacketDriver({ onMessage, ...(compress ? {} : { compressor: null }) });
  const far = new PacketDriver({ onMessage });
  for (let connection = 1; connection <= load.connections; connection += 1)
    driver.ready(bulk(load, connection));
  round(load, driver, far);
  const rounds = Array.from({ length: ROUNDS }, () => round(load, driver, far));
  const { sent } = driver.statistics();
  const columns = [
    load.name.padEnd(34),
    (compress ? "lz4" : "off").padEnd(4),
    column(
      rounds.map(({ send }) => ROUND_BYTES / send),
      18,
    ),
    column(
      rounds.map(({ receive }) => ROUND_BYTES / receive),
      18,
    ),
    column(
      rounds.map(({ send, messages }) => (1000 * send) / messages),
      18,
    ),
    column(
      rounds.map(({ receive, messages }) => (1000 * receive) / messages),
      18,
    ),
    (sent.messageBytes / sent.bufferBytes).toFixed(2).padStart(7),
    sent.fill.toFixed(2).padStart(6),
  ];
  console.log(columns.join(""));
  if (!Number.isFinite(sum)) throw new Error("nothing received");
}

/** Real text: the sources that this was compiled from. */
function sourceText(): Uint8Array {
  const folder = join(import.meta.dirname, "../../..");
  const files = ["driver", "plugin", "flows", "test"].flatMap((name) =>
    readdirSync(join(folder, name), { recursive: true })
      .map((file) => join(folder, name, String(file)))
      .filter((file) => file.endsWith(".ts") && !file.includes("node_modules")),
  );
  return Buffer.concat(files.map((file) => readFileSync(file)));
}

const random = randomFillSync(new Uint8Array(64_000_000));
const text = sourceText();
const loads: Load[] = [
  { name: "random, 10 connections, 16 KB", data: random, messageLength: 16_384, connections: 10 },
  { name: "random, 1000 connections, 1400 B", data: random, messageLength: 1400, connections: 1000 },
  { name: "random, 1000 connections, 100 B", data: random, messageLength: 100, connections: 1000 },
  { name: "text, 10 connections, 16 KB", data: text, messageLength: 16_384, connections: 10 },
  { name: "text, 20 connections, 1400 B", data: text, messageLength: 1400, connections: 20 },
];

const titles = ["send MB/CPUs", "receive MB/CPUs", "send ns/message", "receive ns/msg"];
console.log(`${"".padEnd(34)}lz4 ${titles.map((title) => title.padStart(18)).join("")}  ratio  fill`);
for (const load of loads) for (const compress of [true, false]) measure(load, compress);
