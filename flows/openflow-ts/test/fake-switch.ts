import { Duplex } from "node:stream";
import {
  Deframer,
  decode,
  type Envelope,
  encode,
  type Hello,
  type Message,
  Session,
  type SessionOptions,
} from "openflow-ts";

/** The two ends of a connection without a network. */
export function streams(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const other of [1, 0]) {
    ends.push(
      new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          ends[other]!.push(chunk);
          done();
        },
        final(done) {
          ends[other]!.push(null);
          done();
        },
        destroy(error, done) {
          ends[other]!.push(null);
          done(error);
        },
      }),
    );
  }
  return [ends[0]!, ends[1]!];
}

export type Answer = (message: Message, xid: number) => readonly Message[];

const features: Message = {
  type: "features_reply",
  datapathId: 7n,
  buffers: 0,
  tables: 254,
  auxiliaryId: 0,
  capabilities: 0,
  reserved: 0,
};

/** A switch that is written down: it says hello and its features, and beyond that what `answer` says. */
export class FakeSwitch {
  readonly seen: Envelope[] = [];
  readonly #stream: Duplex;
  readonly #version: number;

  constructor(stream: Duplex, answer: Answer = () => [], hello: Envelope<Hello> = helloOf(6, [4, 5, 6])) {
    this.#stream = stream;
    this.#version = hello.version;
    const deframer = new Deframer();
    stream.write(encode(hello));
    stream.on("data", (chunk: Uint8Array) => {
      for (const bytes of deframer.push(chunk)) this.#receive(decode(bytes), answer);
    });
  }

  say(message: Message, xid = 0, version = this.#version): void {
    this.#stream.write(encode({ version, xid, message }));
  }

  raw(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  end(): void {
    this.#stream.destroy();
  }

  types(): string[] {
    return this.seen.map(({ message }) => message.type);
  }

  #receive(envelope: Envelope, answer: Answer): void {
    this.seen.push(envelope);
    const { message, xid, version } = envelope;
    if (message.type === "features_request") this.say(features, xid, version);
    else for (const reply of answer(message, xid)) this.say(reply, xid, version);
  }
}

export function helloOf(version: number, bitmap?: readonly number[]): Envelope<Hello> {
  const elements = bitmap ? [{ type: "version_bitmap" as const, versions: bitmap }] : [];
  return { version, xid: 0, message: { type: "hello", elements } };
}

export async function connected(
  answer?: Answer,
  options: SessionOptions = {},
): Promise<[Session, FakeSwitch]> {
  const [ours, theirs] = streams();
  const fake = new FakeSwitch(theirs, answer);
  const session = new Session(ours, { probeInterval: 0, ...options });
  await session.ready;
  return [session, fake];
}
