import assert from "node:assert/strict";
import {
  type MessageHeader,
  type MessageSource,
  type MessageWriter,
  PacketDriver,
  PacketDriverError,
  type PacketDriverOptions,
  type Priority,
} from "../../driver/index.js";
import { dataHeader, type Message } from "./message-samples.js";

/** Says what it was given, message by message; an edge that keeps to its quantum. */
export class Speaker implements MessageSource {
  readonly priority: Priority;
  readonly left: Message[];
  /** The quanta that it was given. */
  readonly turns: number[] = [];

  constructor(messages: readonly Message[], priority: Priority = 1) {
    this.left = [...messages];
    this.priority = priority;
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    this.turns.push(quantum);
    const end = writer.room - quantum;
    while (this.left.length > 0 && writer.room > end) {
      const { header, data } = this.left[0]!;
      if (!writer.write(header, data)) return true;
      this.left.shift();
    }
    return this.left.length > 0;
  }
}

/** Never runs out; says messages of one length. */
export class Endless implements MessageSource {
  readonly priority: Priority;
  readonly #header: MessageHeader;
  readonly #length: number;
  bytes = 0;

  constructor(connection: number, length: number, priority: Priority = 1) {
    this.#header = dataHeader(connection, 0);
    this.#length = length;
    this.priority = priority;
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    for (let left = quantum; left > 0; left -= 16 + this.#length) {
      if (writer.reserve(this.#header, this.#length) === undefined) return true;
      this.bytes += 16 + this.#length;
    }
    return true;
  }
}

export function driverOf(options: Partial<PacketDriverOptions> = {}): PacketDriver {
  return new PacketDriver({ onMessage: () => assert.fail("no message expected"), ...options });
}

/** A driver that keeps what it receives. */
export function listener(options: Partial<PacketDriverOptions> = {}): {
  driver: PacketDriver;
  heard: Message[];
} {
  const heard: Message[] = [];
  const onMessage = (view: MessageHeader, data: Uint8Array) => heard.push(copyOf(view, data));
  return { driver: new PacketDriver({ onMessage, ...options }), heard };
}

export function copyOf(view: MessageHeader, data: Uint8Array): Message {
  const { type, flags, protocol, connection, sequence, status, addresses } = view;
  return { header: { type, flags, protocol, connection, sequence, status, addresses }, data: data.slice() };
}

export function messagesOf(
  connection: number,
  count: number,
  data: (sequence: number) => Uint8Array,
): Message[] {
  return Array.from({ length: count }, (_, sequence) => ({
    header: dataHeader(connection, sequence),
    data: data(sequence),
  }));
}

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PacketDriverError && error.code === code;
}
