import type { Socket } from "node:net";
import { endInOrder, undelivered } from "./abort.js";
import { type BlockPool, ByteQueue } from "./byte-queue.js";
import { writeAtOnce } from "./writing.js";

/** What the socket is given at a time, in bytes: the next piece follows once the kernel has this one. */
const PIECE = 65_536;

/**
 * What the application is given: bytes in order, then the end. What the kernel does not take yet waits here, in blocks: in
 * the socket every few bytes would be a request of their own, that costs some hundred bytes more. And the end waits until
 * the kernel has everything: should this process be killed before, the application must not take what it got for all.
 */
export class Delivery {
  readonly #socket: Socket;
  readonly #waiting: ByteQueue;
  /** Told of each number of bytes that the kernel has taken. */
  readonly #given: (bytes: number) => void;
  #writing = false;
  #ended = false;

  constructor(socket: Socket, pool: BlockPool, given: (bytes: number) => void) {
    this.#socket = socket;
    this.#waiting = new ByteQueue(pool);
    this.#given = given;
  }

  /** Bytes that have not reached the application's host. */
  get undelivered(): number {
    return this.#waiting.length + undelivered(this.#socket);
  }

  /** `bytes` are copied where they have to wait. */
  give(bytes: Uint8Array): void {
    const written = this.#writing ? 0 : writeAtOnce(this.#socket, bytes);
    if (written > 0) this.#given(written);
    if (written === bytes.length) return;
    this.#waiting.push(bytes.subarray(written));
    this.#goOn();
  }

  end(): void {
    this.#ended = true;
    this.#goOn();
  }

  /** Drops what waits, and the end. */
  clear(): void {
    this.#waiting.clear();
    this.#ended = false;
  }

  #goOn(): void {
    if (this.#writing) return;
    const { length } = this.#waiting;
    if (length > 0) this.#write(Buffer.allocUnsafe(Math.min(length, PIECE)));
    else if (this.#ended) endInOrder(this.#socket);
  }

  #write(piece: Buffer): void {
    this.#waiting.shift(piece);
    this.#writing = true;
    this.#socket.write(piece, (error) => {
      this.#writing = false;
      // The socket's "close" follows.
      if (error) return;
      this.#given(piece.length);
      this.#goOn();
    });
  }
}
