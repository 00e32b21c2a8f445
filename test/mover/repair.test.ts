import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BATCH_SIZE, MAXIMUM_ENCODING_WINDOW, REPAIR_MEMORY } from "../../driver/mover/constants.js";
import { RepairDecoder } from "../../driver/mover/repair/decoder.js";
import { RepairEncoder } from "../../driver/mover/repair/encoder.js";
import { addWords, factorOf, multiplyWords } from "../../driver/mover/repair/symbol.js";
import { SendWindow } from "../../driver/mover/send-window.js";
import { SeededRandom } from "../../driver/mover/simulation/index.js";

const SEGMENT = 140;
const FRAMING = 50;
const ROOM = 160;

/** A sender's half that has sent buffers of random lengths, and a receiver's that has had some of the segments. */
class Site {
  readonly window = new SendWindow();
  readonly encoder = new RepairEncoder(this.window);
  readonly decoder = new RepairDecoder(ROOM);
  readonly missing = new Set<number>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Sends a buffer; returns the numbers of its segments. */
  send(bytes: number): number[] {
    this.window.add(
      Uint8Array.from({ length: bytes }, () => this.#random.below(256)),
      SEGMENT,
    );
    const numbers: number[] = [];
    while (this.window.unsent) {
      this.encoder.onSent(SEGMENT + FRAMING, false);
      numbers.push(this.window.take());
    }
    return numbers;
  }

  lose(logical: number): void {
    this.missing.add(logical);
  }

  arrive(logical: number): void {
    const { window } = this;
    window.locate(logical);
    this.missing.delete(logical);
    this.decoder.onSegment(
      logical,
      window.index,
      window.segments,
      window.buffer,
      window.offset,
      window.length,
    );
  }

  /** What repair finds is compared with what was sent, and so no longer missing. */
  takeFound(): number {
    let found = 0;
    for (let segment = this.decoder.next(); segment !== undefined; segment = this.decoder.next()) {
      const { logical, index, segments, bytes, offset, length } = segment;
      const got = [index, segments, ...bytes.subarray(offset, offset + length)];
      assert.ok(this.missing.has(logical), `${logical} is not missing`);
      const { window } = this;
      window.locate(logical);
      assert.deepEqual(got, [
        window.index,
        window.segments,
        ...window.buffer.subarray(window.offset, window.offset + window.length),
      ]);
      this.arrive(logical);
      found += 1;
    }
    return found;
  }

  /** Symbols for what is under way. */
  symbols(lossRate: number): Uint8Array[] {
    const { encoder } = this;
    encoder.onDry(0);
    encoder.prepare(0, 0, { rate: 0, lossRate }, FRAMING, ROOM);
    const symbols: Uint8Array[] = [];
    while (encoder.ready) {
      encoder.take(0, 0);
      symbols.push(Uint8Array.of(encoder.key, ...encoder.bytes.subarray(0, encoder.length)));
    }
    return symbols;
  }

  repair(symbol: Uint8Array): void {
    const { encoder } = this;
    const isMissing = (logical: number) => this.missing.has(logical);
    this.decoder.onRepair(encoder.first, encoder.window, symbol[0]!, symbol, 1, symbol.length - 1, isMissing);
  }

  /** As after a first repair symbol, and after so much that the budget is full. */
  warm(): this {
    this.decoder.onRepair(0, 1, 0, new Uint8Array(SEGMENT + 4), 0, SEGMENT + 4, () => false);
    this.encoder.onSent(10_000_000, true);
    return this;
  }
}

describe("repair", () => {
  it("finds what was lost, unaltered, whatever was lost and in whatever order the rest comes", () => {
    let [found, lost] = [0, 0];
    for (let seed = 0; seed < 400; seed += 1) {
      const random = new SeededRandom(seed);
      const site = new Site(random).warm();
      for (let burst = 0; burst < 4; burst += 1) {
        const numbers = Array.from({ length: 1 + random.below(12) }, () =>
          site.send(1 + random.below(2000)),
        ).flat();
        const late = numbers.filter(() => random.below(20) === 0);
        for (const logical of numbers) site.lose(logical);
        for (const logical of numbers) if (!late.includes(logical)) site.arrive(logical);
        lost += late.length;
        const events = [
          ...site.symbols(0.1).map((symbol) => () => site.repair(symbol)),
          // Some come again meanwhile.
          ...late
            .filter(() => random.below(4) === 0)
            .map((logical) => () => (site.missing.has(logical) ? site.arrive(logical) : undefined)),
        ];
        while (events.length > 0) {
          events.splice(random.below(events.length), 1)[0]!();
          found += site.takeFound();
        }
        for (const logical of [...site.missing]) site.arrive(logical);
        assert.equal(site.decoder.next(), undefined);
      }
    }
    assert.ok(found > lost / 2, `${found} of ${lost}`);
  });

  it("finds one loss by one symbol, and n by hardly more than n", () => {
    for (const [losses, beyond, least] of [
      [1, 0, 1],
      [4, 0, 0.6],
      [4, 1, 0.85],
      [8, 2, 0.95],
    ] as const) {
      let whole = 0;
      for (let seed = 0; seed < 200; seed += 1) {
        const random = new SeededRandom(seed);
        const site = new Site(random).warm();
        const numbers = Array.from({ length: 8 }, () => site.send(SEGMENT * 20)).flat();
        const gone = new Set<number>();
        while (gone.size < losses) gone.add(numbers[random.below(numbers.length)]!);
        for (const logical of numbers) gone.has(logical) ? site.lose(logical) : site.arrive(logical);
        const symbols = site.symbols(1).slice(0, losses + beyond);
        assert.equal(symbols.length, losses + beyond);
        for (const symbol of symbols) site.repair(symbol);
        if (site.takeFound() === losses) whole += 1;
      }
      assert.ok(whole >= 200 * least, `${losses} by ${losses + beyond}: ${whole} times of 200`);
    }
  });

  it("costs one per cent, and what it saves", () => {
    const site = new Site(new SeededRandom(1));
    let [sent, repairs] = [0, 0];
    for (let burst = 0; burst < 500; burst += 1) {
      sent += site.send(SEGMENT * 20).length * (SEGMENT + FRAMING);
      if (burst === 300) site.encoder.onSaved(5000);
      for (const symbol of site.symbols(0.2)) repairs += symbol.length - 1 + FRAMING;
      const bound = sent * 0.01 + (burst < 300 ? 0 : 5000);
      assert.ok(repairs <= bound, `${repairs} of ${sent}`);
    }
    assert.ok(repairs > sent * 0.007 + 4000, `${repairs} of ${sent}`);
  });

  it("leaves symbols alone that wait in a batch", () => {
    const site = new Site(new SeededRandom(5)).warm();
    const waiting: [now: Uint8Array, then: Uint8Array][] = [];
    for (let i = 0; i < 200; i += 1) {
      site.send(SEGMENT * 5);
      site.encoder.prepare(0, 0, { rate: 0, lossRate: 0.2 }, FRAMING, ROOM);
      while (site.encoder.ready) {
        site.encoder.take(0, 0);
        waiting.push([site.encoder.bytes, site.encoder.bytes.slice()]);
        if (waiting.length > BATCH_SIZE) waiting.shift();
        for (const [now, then] of waiting) assert.deepEqual(now, then);
      }
      site.encoder.onSent(10_000_000, true);
    }
    assert.equal(waiting.length, BATCH_SIZE);
  });

  it("may cost two thousandths of the rate, however little is sent", () => {
    const site = new Site(new SeededRandom(1));
    let [symbols, bytes] = [0, 0];
    for (let now = 0; now <= 100_000; now += 100) {
      site.send(1);
      site.encoder.prepare(now, 0, { rate: 2000, lossRate: 0.05 }, FRAMING, ROOM);
      while (site.encoder.ready) {
        site.encoder.take(now, 0);
        symbols += 1;
        bytes += site.encoder.length + FRAMING;
      }
      for (let i = site.window.lowest; i < site.window.next; i += 1) site.window.markReceived(i);
    }
    assert.ok(symbols > 900, `${symbols} symbols`);
    assert.ok(bytes < 100_000 * 2000 * 0.002 + 10_000, `${bytes} bytes`);
  });

  it("is due when the source has been dry for a moment, on a path that loses, once for what was said", () => {
    const site = new Site(new SeededRandom(1)).warm();
    const { encoder } = site;
    const due = (roundTrip = 64) => encoder.dueAt(0.01, roundTrip);
    assert.equal(due(), Number.POSITIVE_INFINITY);
    site.window.add(new Uint8Array(500), SEGMENT);
    while (site.window.unsent) {
      site.window.take();
      encoder.onSent(SEGMENT + FRAMING, false);
    }
    assert.equal(due(), Number.POSITIVE_INFINITY);
    encoder.onDry(10);
    encoder.onDry(11);
    assert.deepEqual([1, 64, 1000].map(due), [12, 14, 18]);
    assert.equal(encoder.dueAt(0, 64), Number.POSITIVE_INFINITY);
    const path = { rate: 0, lossRate: 0.01 };
    encoder.prepare(12, 0, path, FRAMING, ROOM);
    assert.equal(due(), Number.POSITIVE_INFINITY);
    assert.ok(encoder.ready);
    while (encoder.ready) encoder.take(12, 100);
    assert.equal(encoder.patience(0, 50), 112);
    assert.equal(encoder.patience(site.window.next, 50), 50);
    // From the third segment on; and nothing on a path that loses nothing.
    encoder.prepare(12, 2, path, FRAMING, ROOM);
    assert.deepEqual([encoder.first, encoder.window, encoder.ready], [2, 2, true]);
    encoder.prepare(12, 2, { ...path, lossRate: 0 }, FRAMING, ROOM);
    assert.ok(!encoder.ready);
  });

  it("keeps nothing before there is a gap or a symbol, and nothing long after the last", () => {
    const random = new SeededRandom(3);
    const site = new Site(random);
    const attempt = () => {
      const numbers = site.send(SEGMENT * 200);
      for (const logical of numbers.slice(1)) site.arrive(logical);
      site.lose(numbers[0]!);
      for (const symbol of site.symbols(0.1)) site.repair(symbol);
      const found = site.takeFound();
      for (const logical of [...site.missing]) site.arrive(logical);
      for (const logical of numbers) site.window.markReceived(logical);
      return found;
    };
    assert.equal(attempt(), 0);
    assert.equal(attempt(), 1);
    const [again] = site.send(SEGMENT);
    for (let i = 0; i <= REPAIR_MEMORY; i += 1) site.arrive(again!);
    assert.equal(attempt(), 0);
    const other = new Site(random);
    other.decoder.expect();
    const [first, ...others] = other.send(SEGMENT * 200);
    for (const logical of others) other.arrive(logical);
    other.lose(first!);
    for (const symbol of other.symbols(0.1)) other.repair(symbol);
    assert.equal(other.takeFound(), 1);
  });

  it("finds what is lost after any number of symbols that were of no use", () => {
    const random = new SeededRandom(6);
    const site = new Site(random).warm();
    const useless = new Uint8Array(ROOM);
    for (let i = 0; i < 100; i += 1) {
      // Of two segments: one is missing, and the other has never been seen here.
      const first = 10_000 + 2 * i;
      site.decoder.onRepair(first, 2, 0, useless, 0, ROOM, (logical) => logical === first);
    }
    const [lost, ...others] = site.send(SEGMENT * 200);
    for (const logical of others) site.arrive(logical);
    site.lose(lost!);
    for (const symbol of site.symbols(0.1)) site.repair(symbol);
    assert.equal(site.takeFound(), 1);
  });

  it("does not use what it cannot know, and takes no harm from what makes no sense", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = new SeededRandom(seed);
      const site = new Site(random).warm();
      for (const logical of site.send(SEGMENT * 40)) {
        if (random.below(10) > 0) site.arrive(logical);
        else site.lose(logical);
      }
      for (let i = 0; i < 50; i += 1) {
        const bytes = Uint8Array.from({ length: 1 + random.below(ROOM + 20) }, () => random.below(256));
        const isMissing = (logical: number) => site.missing.has(logical) || random.below(1000) === 0;
        const [first, window] = [random.below(60), 1 + random.below(MAXIMUM_ENCODING_WINDOW)];
        site.decoder.onRepair(first, window, random.below(256), bytes, 0, bytes.length, isMissing);
        for (let found = site.decoder.next(); found !== undefined; found = site.decoder.next()) {
          assert.ok(found.index < found.segments && found.length > 0 && found.length <= ROOM);
          assert.ok(found.offset + found.length <= found.bytes.length);
        }
      }
    }
  });

  it("has every factor equally often, and 1 for all with key 0", () => {
    const golden = Array.from({ length: 32 }, (_, logical) => factorOf(1, logical)).join("");
    assert.equal(golden, "30313213331121201223211230231220");
    for (let key = 1; key < 256; key += 1) {
      const count = [0, 0, 0, 0];
      for (let logical = 0; logical < 4096; logical += 1) count[factorOf(key, logical)]! += 1;
      for (const times of count) assert.ok(Math.abs(times - 1024) < 170, `${count} with key ${key}`);
    }
    for (let logical = 0; logical < 100; logical += 1) assert.equal(factorOf(0, logical), 1);
    assert.equal(factorOf(7, 5), factorOf(7, 2 ** 32 + 5));
  });

  it("multiplies as GF(4) does, each byte for itself", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const words = new Uint32Array(bytes.buffer);
    const times = (factor: number) => {
      const sum = new Uint32Array(words.length);
      addWords(sum, words, 0, words.length, factor);
      return sum;
    };
    const [, , twice, thrice] = [0, 1, 2, 3].map(times) as [unknown, unknown, Uint32Array, Uint32Array];
    const doubled = new Uint8Array(twice.buffer);
    for (const byte of bytes) {
      const [low, high] = [byte & 15, byte >>> 4];
      assert.equal(doubled[byte], high | ((low ^ high) << 4));
    }
    const product = new Uint32Array(words.length);
    // 2 × 2 = 3, 2 × 3 = 1, 3 = 2 + 1.
    multiplyWords(product, twice, words.length, 2);
    assert.deepEqual(product, thrice);
    multiplyWords(product, thrice, words.length, 2);
    assert.deepEqual(product, words);
    addWords(product, twice, 0, words.length);
    assert.deepEqual(product, thrice);
    multiplyWords(product, product, words.length, 3);
    assert.deepEqual(product, twice);
  });
});
