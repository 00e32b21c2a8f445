/** Numbers in [0, 1) from a seed, the same everywhere (xorshift128, Marsaglia 2003). */
export class SeededRandom {
  #x: number;
  #y = 362_436_069;
  #z = 521_288_629;
  #w = 88_675_123;

  constructor(seed: number) {
    this.#x = (Math.imul(seed, 2_654_435_761) ^ 123_456_789) | 0 || 1;
    for (let i = 0; i < 16; i += 1) this.next();
  }

  next(): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8);
    return (this.#w >>> 0) / 0x1_0000_0000;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
