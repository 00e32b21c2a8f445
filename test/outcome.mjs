// A reporter for node's test runner: lines of JSON for test/run.mjs, one for each test that failed and one for each total
// of the summary. What failed only because of something inside it is not told.
import { inspect } from "node:util";

const root = new URL("..", import.meta.url).pathname;
const TOTAL = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;
/** The runner's own part of a stack says nothing of the test. */
const OF_NODE = /^ +at .*\bnode:.*\n?/gm;

/** @param {AsyncIterable<import("node:test").TestEvent>} events */
export default async function* outcome(events) {
  /** Of each file the names of the test that began last and of those around it. */
  const begun = new Map();
  for await (const { type, data } of events) {
    if (type === "test:start") {
      begun.set(data.file, [...(begun.get(data.file) ?? []).slice(0, data.nesting), data.name]);
    } else if (type === "test:fail" && data.details.error?.failureType !== "subtestsFailed") {
      const { error } = data.details;
      const around = (begun.get(data.file) ?? []).slice(0, data.nesting);
      const reason = inspect(error?.cause ?? error)
        .replace(OF_NODE, "")
        .replaceAll(root, "");
      yield line({ file: data.file?.replace(root, ""), test: [...around, data.name].join(" > "), reason });
    } else if (type === "test:diagnostic" && data.nesting === 0) {
      const [, name, value] = TOTAL.exec(data.message) ?? [];
      if (name !== undefined) yield line({ name, value: Number(value) });
    }
  }
}

function line(outcome) {
  return `${JSON.stringify(outcome)}\n`;
}
