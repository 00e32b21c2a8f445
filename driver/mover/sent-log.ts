/** What became of a transmission. */
export const Fate = {
  NONE: 0,
  IN_FLIGHT: 1,
  RECEIVED: 2,
  LOST: 3,
} as const;

const FIRST_CAPACITY = 1024;

/**
 * A record for each transmission, by physical number: when, which segment, how many bytes, what became of
 * it. Columns of typed arrays, a ring over [`lowest`, `next`) that doubles when full: no work but indexing,
 * no allocation per segment.
 */
export class SentLog {
  /** The next physical number; numbers begin at 1. */
  next = 1;
  /** The lowest number of which a record is kept. */
  lowest = 1;
  sentAt = new Float64Array(FIRST_CAPACITY);
  logical = new Float64Array(FIRST_CAPACITY);
  /** Bytes on the wire. */
  size = new Uint16Array(FIRST_CAPACITY);
  fate = new Uint8Array(FIRST_CAPACITY);
  /** A number that the congestion model gives to what is sent in one of its phases. */
  phase = new Uint8Array(FIRST_CAPACITY);
  /** Known as received, a bit for each number, to be compared with a bitmap eight at a time. */
  received = new Uint8Array(FIRST_CAPACITY / 8);
  mask = FIRST_CAPACITY - 1;

  /** Records a transmission and returns its physical number. */
  add(now: number, logical: number, size: number, phase: number): number {
    if (this.next - this.lowest > this.mask) this.#grow();
    const physical = this.next;
    const i = physical & this.mask;
    this.sentAt[i] = now;
    this.logical[i] = logical;
    this.size[i] = size;
    this.fate[i] = Fate.IN_FLIGHT;
    this.phase[i] = phase;
    this.received[i >>> 3]! &= ~(1 << (i & 7));
    this.next = physical + 1;
    return physical;
  }

  /** Forgets all below `physical`. */
  forget(physical: number): void {
    for (; this.lowest < physical; this.lowest += 1) this.fate[this.lowest & this.mask] = Fate.NONE;
  }

  #grow(): void {
    const { sentAt, logical, size, fate, phase, received, mask } = this;
    const capacity = (mask + 1) * 2;
    this.sentAt = new Float64Array(capacity);
    this.logical = new Float64Array(capacity);
    this.size = new Uint16Array(capacity);
    this.fate = new Uint8Array(capacity);
    this.phase = new Uint8Array(capacity);
    this.received = new Uint8Array(capacity / 8);
    this.mask = capacity - 1;
    for (let physical = this.lowest; physical < this.next; physical += 1) {
      const from = physical & mask;
      const to = physical & this.mask;
      this.sentAt[to] = sentAt[from]!;
      this.logical[to] = logical[from]!;
      this.size[to] = size[from]!;
      this.fate[to] = fate[from]!;
      this.phase[to] = phase[from]!;
      if (received[from >>> 3]! & (1 << (from & 7))) this.received[to >>> 3]! |= 1 << (to & 7);
    }
  }
}
