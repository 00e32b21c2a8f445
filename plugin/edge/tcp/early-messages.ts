import type { MessageHeader } from "../../../driver/index.js";
import type { EdgeMemory } from "./memory.js";

export interface EarlyMessage {
  readonly header: MessageHeader;
  readonly data: Buffer;
}

/** What has come for connections ahead of their edges: buffers are handed up in any order, and an OPEN may have to wait. */
export class EarlyMessages {
  readonly #memory: EdgeMemory;
  /** By the connections' numbers. */
  readonly #kept = new Map<number, EarlyMessage[]>();

  constructor(memory: EdgeMemory) {
    this.#memory = memory;
  }

  /** Holds a copy of the message. */
  keep(header: MessageHeader, data: Uint8Array): void {
    const messages = this.#kept.get(header.connection) ?? [];
    messages.push({ header: { ...header }, data: Buffer.from(data) });
    this.#kept.set(header.connection, messages);
    this.#memory.take(data.length);
  }

  /** Those of a connection, in the order of their coming; they are held no longer. */
  take(connection: number): readonly EarlyMessage[] {
    const messages = this.#kept.get(connection) ?? [];
    this.#kept.delete(connection);
    for (const { data } of messages) this.#memory.take(-data.length);
    return messages;
  }

  clear(): void {
    for (const connection of [...this.#kept.keys()]) this.take(connection);
  }
}
