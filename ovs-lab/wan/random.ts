/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * Chris Doty-Humphrey's sfc32: 128 bits of state, passes PractRand, and needs only 32-bit integer arithmetic.
 * The same seed and stream give the same numbers; different streams of one seed are unrelated.
 */
export function seededRandom(seed: number, stream = 0): Random {
  let a = seed | 0;
  let b = stream | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 16; round++) next(); // the seed's few bits spread over the whole state
  return next;
}
