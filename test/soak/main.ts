/**
 * A long soak: `sudo npm run soak -- [CONNECTIONS] [AT-ONCE]`. Opens, uses and closes so many connections (default a
 * million) through a lab, and prints how both plugins are after each fiftieth of them.
 */
import { type Sample, Soak } from "./soak.js";

const [connections = "1000000", atOnce = "100"] = process.argv.slice(2);
const SLICES = 50;
const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

const soak = await Soak.begin("soak");
let running = true;
process.once("SIGINT", () => {
  running = false;
});

function print(total: number, samples: readonly Sample[], errors: string, rate: number): void {
  const columns = samples.map(
    ({
      site,
      resident,
      heap,
      held,
      descriptors,
      mainTime,
      otherTime,
      connections: { open, total, failed },
    }) =>
      `${site}: ${megabytes(resident)} MB resident, ${megabytes(heap)} MB heap, ${held} B held, ` +
      `${descriptors} descriptors, ${open} open, ${failed} of ${total} failed, ` +
      `CPU ${mainTime.toFixed(1)} + ${otherTime.toFixed(1)} s`,
  );
  console.log([`${total} (${rate.toFixed(0)}/s)`, ...columns, errors].join("\n  "));
}

try {
  print(0, await soak.samples(), "", 0);
  const slice = Math.ceil(Number(connections) / SLICES);
  for (let done = 0; running && done < Number(connections); ) {
    const { well, errors, milliseconds } = await soak.task({ turn: slice, atOnce: Number(atOnce) });
    done += slice;
    print(done, await soak.samples(), JSON.stringify(errors), well / (milliseconds / 1000));
  }
} finally {
  await soak.end();
}
