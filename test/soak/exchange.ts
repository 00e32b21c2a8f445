import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";

const PIECE = 65_536;
const COUNT_BYTES = 8;

/** Bytes that do not compress, the same for the same speaker. */
class Stream {
  readonly #cipher;
  readonly #zeros = Buffer.alloc(PIECE);

  constructor(speaker: "client" | "server") {
    this.#cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, speaker), Buffer.alloc(16));
  }

  next(bytes: number): Buffer {
    return this.#cipher.update(this.#zeros.subarray(0, bytes));
  }
}

/** Says `count` bytes of a stream; returns their SHA-256. */
async function say(socket: Socket, speaker: "client" | "server", count: number): Promise<Buffer> {
  const stream = new Stream(speaker);
  const hash = createHash("sha256");
  for (let said = 0; said < count; said += PIECE) {
    const piece = stream.next(Math.min(PIECE, count - said));
    hash.update(piece);
    if (!socket.write(piece)) await once(socket, "drain");
  }
  return hash.digest();
}

/** Reads `count` bytes; returns their SHA-256, and what came behind them until the end. */
async function hear(socket: Socket, count: number): Promise<{ digest: Buffer; rest: Buffer }> {
  const hash = createHash("sha256");
  const rest: Buffer[] = [];
  let heard = 0;
  // What is still to be said is said after the other's end.
  const pieces = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const bytes of pieces) {
    const counted = bytes.subarray(0, Math.max(0, count - heard));
    hash.update(counted);
    heard += bytes.length;
    if (counted.length < bytes.length) rest.push(bytes.subarray(counted.length));
  }
  if (heard < count) throw Object.assign(new Error("the end came too early"), { code: "truncated" });
  return { digest: hash.digest(), rest: Buffer.concat(rest) };
}

/** Says the count, and as many bytes; the server says as many at the same time, and then what it has made of ours. */
export async function exchangeAsClient(socket: Socket, count: number): Promise<void> {
  const header = Buffer.alloc(COUNT_BYTES);
  header.writeBigUInt64BE(BigInt(count));
  socket.write(header);
  const heard = hear(socket, count);
  const said = await say(socket, "client", count);
  socket.end();
  const { digest, rest } = await heard;
  const stream = new Stream("server");
  const expected = createHash("sha256");
  for (let at = 0; at < count; at += PIECE) expected.update(stream.next(Math.min(PIECE, count - at)));
  const isRight = digest.equals(expected.digest()) && rest.equals(said);
  if (!isRight) throw Object.assign(new Error("not what was said"), { code: "altered" });
}

/** The other side of it. */
export async function exchangeAsServer(socket: Socket): Promise<void> {
  let header = socket.read(COUNT_BYTES) as Buffer | null;
  for (; header === null; header = socket.read(COUNT_BYTES)) await once(socket, "readable");
  const count = Number(header.readBigUInt64BE());
  const heard = hear(socket, count);
  await say(socket, "server", count);
  socket.end((await heard).digest);
}
