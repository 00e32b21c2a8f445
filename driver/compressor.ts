/** Compresses buffers, each on its own, into memory that the caller provides. */
export interface Compressor {
  /**
   * Returns the bytes written at the start of `output`; 0, `output` undefined, if `input` would not shrink.
   * `thorough`: to fewer bytes, for some five times the time.
   */
  compress(input: Uint8Array, output: Uint8Array, thorough?: boolean): number;

  /**
   * Fills `output`, whose length is the original length, and writes nowhere else.
   *
   * @throws WireError compression, if `input` is damaged or is not exactly that long uncompressed
   */
  decompress(input: Uint8Array, output: Uint8Array): void;
}

/** Below this a block has no room for a saving that is worth a call. */
const LEAST_LENGTH = 64;
/** Up to here a try costs a microsecond or less, and so it is always made. */
const SMALL_LENGTH = 4096;
/** After n failures in a row, 2ⁿ times the bytes tried in vain go uncompressed; n up to this. */
const MOST_DOUBLINGS = 4;
/** A saving of less than 1/32 is worth its bytes when it is there, but not the search for the next one. */
const LEAST_SAVING = 32;
/** One of 1/8 says that there may be more to be had of it. */
const GOOD_SAVING = 8;

/**
 * Decides which buffers are worth trying, so that data which does not compress costs next to no CPU: at most one byte
 * in 17 of it is tried. Data that compresses again is noticed within 16 buffers, small buffers at once.
 */
export class CompressionBackoff {
  /** Bytes that are still to pass before the next try. */
  #skip = 0;
  #failures = 0;
  #promising = false;

  /** Whether the last block has shrunk so well that the next one may be worth more effort. */
  get promising(): boolean {
    return this.#promising;
  }

  /** Whether a block of `length` bytes shall be tried; if it is, `tried` follows. */
  worthTrying(length: number): boolean {
    if (length <= SMALL_LENGTH) return length >= LEAST_LENGTH;
    if (this.#skip <= 0) return true;
    this.#skip -= length;
    return false;
  }

  /** `compressedLength`: 0 if the block did not shrink. */
  tried(length: number, compressedLength: number): void {
    this.#promising = compressedLength > 0 && compressedLength <= length - length / GOOD_SAVING;
    if (length <= SMALL_LENGTH) return;
    if (compressedLength > 0 && compressedLength <= length - length / LEAST_SAVING) {
      this.#failures = 0;
      return;
    }
    this.#failures = Math.min(this.#failures + 1, MOST_DOUBLINGS);
    this.#skip = length * 2 ** this.#failures;
  }
}
