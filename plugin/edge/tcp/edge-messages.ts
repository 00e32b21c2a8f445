import {
  type MessageAddresses,
  MessageFlag,
  MessageStatus,
  MessageType,
  type MessageWriter,
} from "../../../driver/index.js";
import { IPPROTO_TCP } from "../../packet/index.js";
import { writeCredit } from "./credit.js";
import { type Opening, writeOpened, writeOpening } from "./opening.js";
import type { MutableHeader } from "./outbound.js";

/** What both edges of a connection know of it. */
export interface EdgeIdentity {
  /** The connection's number, chosen by the side that opened it. */
  readonly connection: number;
  readonly addresses: MessageAddresses;
  readonly opening: Opening;
}

/** The number of a RESET before which nothing was said, not even OPEN: that would have this one. */
export const NO_OPEN = 0;

/** The messages of one edge that carry no data of the application's; each is written whole, or not at all for want of room (false). */
export class EdgeMessages {
  /** For each message anew; also for those with data. */
  readonly header: MutableHeader;
  /** What is to be said before anything else. */
  greeting: typeof MessageType.OPEN | typeof MessageType.OPENED | undefined;
  /** For OPENED: of the server's packets. */
  dscp = 0;
  readonly #addresses: MessageAddresses;
  readonly #opening: Opening;

  /** @param initiator the connection was opened by this site's application */
  constructor({ connection, addresses, opening }: EdgeIdentity, initiator: boolean) {
    this.#addresses = addresses;
    this.#opening = opening;
    this.header = {
      type: MessageType.DATA,
      flags: initiator ? MessageFlag.INITIATOR : 0,
      protocol: IPPROTO_TCP,
      connection,
      sequence: 0,
      status: MessageStatus.OK,
      addresses: undefined,
    };
  }

  /** True also where there is none to be said. */
  writeGreeting(writer: MessageWriter): boolean {
    const { header, greeting } = this;
    if (greeting === undefined) return true;
    this.#set(greeting, 0, MessageStatus.OK);
    const opens = greeting === MessageType.OPEN;
    header.addresses = opens ? this.#addresses : undefined;
    const written = writer.write(header, opens ? writeOpening(this.#opening) : writeOpened(this.dscp));
    header.addresses = undefined;
    if (written) this.greeting = undefined;
    return written;
  }

  /** Grants the peer's edge `limit` bytes in all. */
  writeCredit(writer: MessageWriter, sequence: number, limit: number): boolean {
    this.#set(MessageType.CREDIT, sequence, MessageStatus.OK);
    return writer.write(this.header, writeCredit(limit));
  }

  /** Where the peer has not been told of the connection, it learns that its number is not to be waited for. */
  writeReset(writer: MessageWriter, sequence: number, status: MessageStatus): boolean {
    this.#set(MessageType.RESET, this.greeting === MessageType.OPEN ? NO_OPEN : sequence, status);
    return writer.write(this.header);
  }

  #set(type: MessageType, sequence: number, status: MessageStatus): void {
    this.header.type = type;
    this.header.sequence = sequence;
    this.header.status = status;
  }
}
