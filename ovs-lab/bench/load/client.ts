/** The load's client: `node client.js TASK`, with a {@link Task} as JSON. Prints a {@link Word} a line. */
import { bulk } from "./bulk.js";
import { exchange } from "./exchange.js";
import { fetch } from "./fetch.js";
import { open } from "./open.js";
import type { Reports, Task, Word } from "./task.js";

function say(word: Word): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

function perform(task: Task): Promise<Reports[keyof Reports]> {
  switch (task.kind) {
    case "bulk":
      return bulk(task, (mark) => say({ mark }));
    case "fetch":
      return fetch(task);
    case "exchange":
      return exchange(task);
    case "open":
      return open(task);
  }
}

const report = await perform(JSON.parse(process.argv[2]!) as Task);
process.stdout.write(`${JSON.stringify({ report } satisfies Word)}\n`, () => process.exit());
