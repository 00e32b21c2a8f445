/**
 * Long soaks, through a lab:
 *
 *     sudo npm run soak -- [turn] [CONNECTIONS] [AT-ONCE]   opens, uses and closes so many (default a million, 100 at once)
 *     sudo npm run soak -- keep [CONNECTIONS] [ACTIVE]      opens so many that stay, uses some (default 11,000 and 1,000)
 *     sudo npm run soak -- exchange [MEGABYTES]             so much each way at once on one connection (default 1,024)
 *
 * Each prints how both plugins are meanwhile.
 */
import { type Outcome, type Sample, Soak } from "./soak.js";

const SLICES = 50;
const RATE = 1000;
const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

const [first, ...rest] = process.argv.slice(2);
const isNumber = first === undefined || /^\d+$/.test(first);
const mode = isNumber ? "turn" : first;
const numbers = isNumber && first !== undefined ? [first, ...rest] : rest;
const number = (place: number, usual: number) => Number(numbers[place] ?? usual);

let running = true;
process.once("SIGINT", () => {
  running = false;
});

function lineOf({
  site,
  resident,
  heap,
  held,
  descriptors,
  mainTime,
  otherTime,
  connections,
}: Sample): string {
  const { open, total, failed } = connections;
  return (
    `${site}: ${megabytes(resident)} MB resident, ${megabytes(heap)} MB heap, ${held} B held, ` +
    `${descriptors} descriptors, ${open} open, ${failed} of ${total} failed, ` +
    `CPU ${mainTime.toFixed(1)} + ${otherTime.toFixed(1)} s`
  );
}

async function print(soak: Soak, what: string, outcome?: Outcome): Promise<Sample[]> {
  const samples = await soak.samples();
  const { well = 0, milliseconds = 1, errors = {} } = outcome ?? {};
  const rate = outcome === undefined ? "" : ` (${((well * 1000) / milliseconds).toFixed(0)}/s)`;
  console.log([`${what}${rate}`, ...samples.map(lineOf), JSON.stringify(errors)].join("\n  "));
  return samples;
}

async function turn(soak: Soak, connections: number, atOnce: number): Promise<void> {
  await print(soak, "0");
  const slice = Math.ceil(connections / SLICES);
  for (let done = 0; running && done < connections; ) {
    const outcome = await soak.task({ turn: slice, atOnce });
    done += slice;
    await print(soak, `${done}`, outcome);
  }
}

async function keep(soak: Soak, connections: number, active: number): Promise<void> {
  const before = await print(soak, "none");
  const after = await print(soak, `${connections} open`, await soak.task({ keep: connections, rate: RATE }));
  for (const [i, { site, resident }] of after.entries()) {
    const cost = (resident - before[i]!.resident) / connections;
    console.log(`  ${site}: ${(cost / 1024).toFixed(1)} KB for each connection`);
  }
  await print(soak, `${active} of them used`, await soak.task({ busy: active, rounds: 20 }));
  await soak.task({ drop: true });
  await print(soak, "closed");
}

async function exchange(soak: Soak, size: number): Promise<void> {
  await print(soak, "before");
  const { most, ...outcome } = await soak.watch({ exchange: size * 2 ** 20 });
  const rate = (size * 2 ** 20 * 8) / outcome.milliseconds / 1000;
  console.log(`${size} MB each way in ${outcome.milliseconds} ms, ${rate.toFixed(0)} Mbit/s each way`);
  for (const { site, resident, held } of most) {
    console.log(`  ${site}: at most ${megabytes(resident)} MB resident, ${megabytes(held)} MB held`);
  }
  await print(soak, "after", outcome);
}

const soak = await Soak.begin("soak");
try {
  if (mode === "turn") await turn(soak, number(0, 1_000_000), number(1, 100));
  else if (mode === "keep") await keep(soak, number(0, 11_000), number(1, 1000));
  else if (mode === "exchange") await exchange(soak, number(0, 1024));
  else throw new Error(`"${mode}" is none of turn, keep and exchange`);
} finally {
  await soak.end();
}
