import {
  type MessageHeader,
  type MessageSource,
  MessageStatus,
  MessageType,
  type MessageWriter,
  SESSION_PROTOCOL,
} from "../driver/index.js";

export interface AccordOptions {
  /** Asks the packet driver for a turn. */
  readonly ready: (source: MessageSource) => void;
  /** `welcome` has changed. */
  readonly changed: () => void;
  /** The peer is about to go; `withdrawn` is to be called with this number once nothing new is steered towards it. */
  readonly away: (announcement: number) => void;
}

/**
 * What the two sites have told each other about steering: each steers connections towards the other only while that
 * one is in place to open them onwards, and whoever goes has the other stop first (docs/wire-format.md, "Message").
 *
 * | this side | says | and then |
 * |---|---|---|
 * | is in place, as the session begins or later | READY | the peer may steer towards it |
 * | is not any more, or `leave`s | AWAY | WITHDRAWN says that nothing new comes |
 * | hears READY | nothing | it may steer towards the peer (`welcome`) |
 * | hears AWAY | WITHDRAWN, once told that it is so | it steers nothing new there |
 *
 * All of it begins anew with each session. Buffers come in any order, so that of the peer's announcements the one with the
 * highest number counts.
 */
export class Accord implements MessageSource {
  readonly priority = 1;
  readonly #options: AccordOptions;
  readonly #unsaid: MessageHeader[] = [];
  #up = false;
  #inPlace = false;
  #announced = 0;
  #heard = 0;
  #welcome = false;
  /** Waits for the WITHDRAWN of the last announcement. */
  #left: (() => void) | undefined;

  constructor(options: AccordOptions) {
    this.#options = options;
  }

  /** Whether the peer opens connections that are steered towards it. */
  get welcome(): boolean {
    return this.#welcome;
  }

  /** Whether this side opens connections that the peer steers towards it. */
  set inPlace(inPlace: boolean) {
    if (this.#inPlace === inPlace) return;
    this.#inPlace = inPlace;
    this.#announce();
  }

  /** A session begins. */
  begin(): void {
    this.end();
    this.#up = true;
    if (this.#inPlace) this.#announce();
  }

  /** The session is over. */
  end(): void {
    this.#up = false;
    this.#unsaid.length = 0;
    this.#announced = 0;
    this.#heard = 0;
    this.#settle();
    this.#become(false);
  }

  /** Has the peer steer nothing new towards this side; resolves once it does so, or is gone itself. */
  leave(): Promise<void> {
    this.inPlace = false;
    if (!this.#up || this.#announced === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#left = resolve;
    });
  }

  /** Nothing new is steered towards the peer, as it has asked for. */
  withdrawn(announcement: number): void {
    if (this.#up) this.#say(MessageType.WITHDRAWN, announcement);
  }

  receive({ type, sequence }: MessageHeader): void {
    if (!this.#up) return;
    if (type === MessageType.WITHDRAWN) {
      if (sequence === this.#announced) this.#settle();
    } else if (type === MessageType.READY || type === MessageType.AWAY) {
      if (sequence <= this.#heard) return;
      this.#heard = sequence;
      this.#become(type === MessageType.READY);
      if (type === MessageType.AWAY) this.#options.away(sequence);
    }
  }

  pull(writer: MessageWriter): boolean {
    while (this.#unsaid.length > 0) {
      if (!writer.write(this.#unsaid[0]!)) return true;
      this.#unsaid.shift();
    }
    return false;
  }

  #announce(): void {
    if (!this.#up) return;
    this.#settle();
    this.#announced++;
    this.#say(this.#inPlace ? MessageType.READY : MessageType.AWAY, this.#announced);
  }

  #say(type: MessageType, sequence: number): void {
    this.#unsaid.push({
      type,
      flags: 0,
      protocol: SESSION_PROTOCOL,
      connection: 0,
      sequence,
      status: MessageStatus.OK,
      addresses: undefined,
    });
    this.#options.ready(this);
  }

  #become(welcome: boolean): void {
    if (this.#welcome === welcome) return;
    this.#welcome = welcome;
    this.#options.changed();
  }

  #settle(): void {
    this.#left?.();
    this.#left = undefined;
  }
}

/** Whether the message is one of these. */
export function isAccord({ protocol }: MessageHeader): boolean {
  return protocol === SESSION_PROTOCOL;
}
