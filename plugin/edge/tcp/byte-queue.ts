/** Bytes of one block, and the least that is worth one. */
const BLOCK_BYTES = 16_384;
const SMALL_BYTES = 2048;
/** Blocks that nobody uses are kept up to this many. */
const KEPT_BLOCKS = 512;

/** Memory for bytes that wait, shared by all connections, so that what is read needs no buffer of its own. */
export class BlockPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(BLOCK_BYTES);
  }

  /** The block is nobody's any more. */
  give(block: Uint8Array): void {
    if (this.#free.length < KEPT_BLOCKS) this.#free.push(block);
  }
}

/** Bytes in order: copied in, copied out. Few bytes are kept as they are, many in blocks of a pool. */
export class ByteQueue {
  readonly #pool: Pick<BlockPool, "take" | "give">;
  readonly #chunks: Uint8Array[] = [];
  /** Where the bytes begin in the first chunk, and end in the last. */
  #start = 0;
  #end = 0;
  #length = 0;

  constructor(pool: Pick<BlockPool, "take" | "give">) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    let at = this.#chunks.length > 0 ? this.#append(bytes, 0) : 0;
    while (at < bytes.length) {
      this.#chunks.push(this.#chunk(bytes.length - at));
      this.#end = 0;
      at = this.#append(bytes, at);
    }
    this.#length += bytes.length;
  }

  /** Fills `target` with the first bytes, of which there must be enough, and lets go of them. */
  shift(target: Uint8Array): void {
    for (let at = 0; at < target.length; ) {
      const chunk = this.#chunks[0]!;
      const filled = this.#chunks.length === 1 ? this.#end : chunk.length;
      const length = Math.min(filled - this.#start, target.length - at);
      target.set(chunk.subarray(this.#start, this.#start + length), at);
      at += length;
      this.#start += length;
      if (this.#start === filled) this.#drop();
    }
    this.#length -= target.length;
  }

  clear(): void {
    while (this.#chunks.length > 0) this.#drop();
    this.#length = 0;
  }

  /** The first few bytes get a place of their length; where more follow, each of them with its own would be mostly overhead. */
  #chunk(bytes: number): Uint8Array {
    if (bytes > SMALL_BYTES) return this.#pool.take();
    return Buffer.allocUnsafe(this.#chunks.length === 0 ? bytes : SMALL_BYTES);
  }

  /** Puts what it takes of `bytes`, from `at` on, into the last chunk; returns where to go on. */
  #append(bytes: Uint8Array, at: number): number {
    const chunk = this.#chunks.at(-1)!;
    const length = Math.min(chunk.length - this.#end, bytes.length - at);
    if (length === 0) return at;
    chunk.set(bytes.subarray(at, at + length), this.#end);
    this.#end += length;
    return at + length;
  }

  #drop(): void {
    const chunk = this.#chunks.shift()!;
    this.#start = 0;
    if (chunk.length === BLOCK_BYTES) this.#pool.give(chunk);
  }
}
