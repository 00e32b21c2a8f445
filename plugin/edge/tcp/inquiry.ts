import {
  type MessageAddresses,
  MessageFlag,
  type MessageHeader,
  type MessageSource,
  MessageStatus,
  MessageType,
  type MessageWriter,
  type Priority,
} from "../../../driver/index.js";
import { IPPROTO_TCP } from "../../packet/index.js";
import { INITIAL_CREDIT } from "./credit.js";
import type { EdgeSurroundings, TcpEdge } from "./edge.js";
import type { EdgeIdentity } from "./edge-messages.js";
import { writeOpening } from "./opening.js";

/** What a far edge may say at most, in bytes: the data that it has credit for, and some grants of its own. */
const MOST_HELD = INITIAL_CREDIT + 1024;

/** A far edge that could not connect has said nothing but this: the number of its first message is the next one. */
const FIRST_SEQUENCE = 1;

interface Held {
  readonly header: MessageHeader;
  readonly data: Buffer;
}

export interface InquiryOptions {
  readonly identity: EdgeIdentity;
  readonly surroundings: Pick<EdgeSurroundings, "ready" | "memory">;
  /** The far edge has connected (`OK`), or will not, and why. Called once. */
  readonly answered: (status: number) => void;
  /** It is over: joined, refused or dropped. */
  readonly over: () => void;
  /** And has said all that it has to say: its number may be forgotten. */
  readonly ended: () => void;
}

/**
 * Asks the far edge to connect to an application, before there is a connection to the client here.
 *
 * | state    | left by                                                                                            |
 * |----------|----------------------------------------------------------------------------------------------------|
 * | asking   | OPENED, data, or the application's reset (→ answered), any other RESET (→ over; the client is to see why), drop (→ over) |
 * | answered | the client's connection, accepted here (join → over: its edge goes on), drop (→ over)              |
 * | over     | -                                                                                                  |
 *
 * What the far application says meanwhile waits here, at most the credit that every connection begins with.
 */
export class Inquiry implements MessageSource {
  readonly priority: Priority;
  readonly identity: EdgeIdentity;
  readonly #options: InquiryOptions;
  #state: "asking" | "answered" | "over" = "asking";
  readonly #held: Held[] = [];
  #bytes = 0;
  /** What is to be said: OPEN, then perhaps RESET with this status. */
  #open = true;
  #farewell: MessageStatus | undefined;

  constructor(options: InquiryOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.priority = options.identity.opening.priority;
    options.surroundings.ready(this);
  }

  /** A message of the far edge. `data` is valid during the call only. */
  receive(header: MessageHeader, data: Uint8Array): void {
    if (this.#state === "over") return;
    // Only who was connected can have been reset by the application: that may overtake the news that it was.
    const refused =
      header.type === MessageType.RESET &&
      header.sequence === FIRST_SEQUENCE &&
      header.status !== MessageStatus.RESET_BY_APPLICATION;
    if (refused && this.#state === "asking") {
      this.#end();
      this.#options.answered(header.status);
      return;
    }
    this.#hold(header, data);
    if (this.#bytes > MOST_HELD) {
      this.drop(MessageStatus.PROTOCOL_ERROR);
    } else if (this.#state === "asking") {
      // Buffers come in any order: whatever else a far edge says, it says once it has connected.
      this.#state = "answered";
      this.#options.answered(MessageStatus.OK);
    }
  }

  /** The client's connection stands: its edge goes on, with all that has come for it. */
  join(edge: TcpEdge): void {
    const held = this.#held.splice(0);
    this.#end();
    for (const { header, data } of held) edge.receive(header, data);
  }

  /** Somebody on the way says that the far edge will not connect, before it says so itself. */
  fail(status: MessageStatus): void {
    if (this.#state === "asking") this.drop(status);
  }

  /** Nobody wants the connection any more: the far edge is to drop it. */
  drop(status: MessageStatus): void {
    if (this.#state === "over") return;
    this.#farewell = status;
    this.#giveUp(status);
    this.#options.surroundings.ready(this);
  }

  /** The peer is gone, and cannot be told; what was still to be said is for nobody. */
  abandon(status: MessageStatus): void {
    this.#open = false;
    this.#farewell = undefined;
    if (this.#state === "over") this.#options.ended();
    else this.#giveUp(status);
  }

  pull(writer: MessageWriter): boolean {
    if (this.#open) {
      const { addresses, opening } = this.identity;
      const header = this.#header(MessageType.OPEN, 0, MessageStatus.OK, addresses);
      if (!writer.write(header, writeOpening(opening))) return true;
      this.#open = false;
    }
    if (this.#farewell !== undefined) {
      if (!writer.write(this.#header(MessageType.RESET, FIRST_SEQUENCE, this.#farewell))) return true;
      this.#farewell = undefined;
    }
    if (this.#state === "over") this.#options.ended();
    return false;
  }

  #giveUp(status: MessageStatus): void {
    const asking = this.#state === "asking";
    this.#end();
    if (asking) this.#options.answered(status);
  }

  #header(
    type: MessageType,
    sequence: number,
    status: MessageStatus,
    addresses?: MessageAddresses,
  ): MessageHeader {
    const { connection } = this.identity;
    const flags = MessageFlag.INITIATOR;
    return { type, flags, protocol: IPPROTO_TCP, connection, sequence, status, addresses };
  }

  #hold(header: MessageHeader, data: Uint8Array): void {
    this.#held.push({ header: { ...header }, data: Buffer.from(data) });
    this.#bytes += data.length;
    this.#options.surroundings.memory.take(data.length);
  }

  #end(): void {
    this.#state = "over";
    this.#held.length = 0;
    this.#options.surroundings.memory.take(-this.#bytes);
    this.#bytes = 0;
    this.#options.over();
    if (!this.#open && this.#farewell === undefined) this.#options.ended();
  }
}
