// Runs the test files of the build, one process a file: those that mind a busy neighbour one after another, others two or
// three at a time. Ends with what failed and why, and a summary of all in the words of node's own.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folders = ["flows/openflow-ts/dist/test", "flows/ovsdb-client/dist/test", "dist/test"];
const wanted = process.argv.slice(2);

/** What these show depends on who else has the machine's processors, or how soon something happens: alone. */
const ALONE = [
  ...["conformance/", "lab/", "soak/"],
  ...["process", "switch", "worker"].map((name) => `faults/${name}`),
  ...["download", "multipoint"].map((name) => `end-to-end/${name}`),
];
/** These wait for a switch or for sockets most of the time, and mind one neighbour of their kind little. */
const IN_PAIRS = ["faults/", "flows/", "worker/"];
/** The others, so many at a time. */
const TOGETHER = 3;
/** These only calculate: beside others, that mostly wait, they are no trouble. */
const CALCULATING = "dist/test/mover/";
// A file that does not end has failed, and is not to keep the others waiting. Milliseconds.
const LONGEST = 300_000;

const files = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))),
  )
  .filter((name) => name.endsWith(".test.js"))
  // The build leaves what it made of a source that is gone.
  .filter((name) => existsSync(join(root, name.replace("dist/", "").replace(/js$/, "ts"))))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(", ") || "anything: is the build there?"}`);
  process.exit(1);
}

const reporter = process.stdout.isTTY ? "spec" : "tap";
/** How much of one failure's reason is repeated at the end. Lines. */
const REASON = 30;
const notes = mkdtempSync(join(tmpdir(), "ovs-tpo-test-"));
process.on("exit", () => rmSync(notes, { recursive: true }));
const totals = new Map();
const failures = [];
let status = 0;

/** Runs files, shows what node says of them, and adds up what came of them. */
function run(files, concurrency) {
  // Beside others a test waits so many times longer (ovs-lab/patience.ts), on a slow machine already.
  const slow = Number(process.env.OVS_TPO_SLOW || 1) * concurrency;
  const outcome = join(notes, `${concurrency}`);
  const options = [
    ...["--enable-source-maps", "--test", `--test-concurrency=${concurrency}`],
    ...[`--test-timeout=${LONGEST * slow}`],
    ...[`--test-reporter=${reporter}`, "--test-reporter-destination=stdout"],
    ...["--test-reporter=./test/outcome.mjs", `--test-reporter-destination=${outcome}`],
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...options, ...files], {
      cwd: root,
      env: { ...process.env, ...(reporter === "spec" ? { FORCE_COLOR: "1" } : {}), OVS_TPO_SLOW: `${slow}` },
      stdio: "inherit",
    });
    child.on("close", (code, signal) => {
      if (code !== 0 || signal !== null) status = code || 1;
      const lines = existsSync(outcome) ? readFileSync(outcome, "utf8").split("\n") : [];
      for (const line of lines.filter(Boolean)) {
        const { name, value, ...failure } = JSON.parse(line);
        if (name !== undefined) totals.set(name, (totals.get(name) ?? 0) + value);
        else failures.push(failure);
      }
      resolve();
    });
  });
}

/** Of two lists one, as evenly as their lengths allow. */
function alternately(some, others) {
  const placed = [some, others].flatMap((list) => list.map((name, i) => ({ name, place: i / list.length })));
  return placed.sort((a, b) => a.place - b.place).map(({ name }) => name);
}

const isAnyOf = (parts) => (name) => parts.some((part) => name.startsWith(`dist/test/${part}`));
const alone = files.filter(isAnyOf(ALONE));
const inPairs = files.filter((name) => isAnyOf(IN_PAIRS)(name) && !alone.includes(name));
const calculating = files.filter((name) => name.startsWith(CALCULATING));
const waiting = files.filter((name) => ![alone, inPairs, calculating].some((list) => list.includes(name)));
const groups = [
  { files: alternately(calculating, waiting), concurrency: TOGETHER },
  { files: inPairs, concurrency: 2 },
  { files: alone, concurrency: 1 },
].filter(({ files }) => files.length > 0);
for (const { files, concurrency } of groups) await run(files, concurrency);
const mark = reporter === "tap" ? "#" : "ℹ";
for (const { file, test, reason } of failures) {
  console.log(`${mark} failed: ${test} (${file})`);
  for (const line of reason.trimEnd().split("\n").slice(0, REASON)) console.log(`${mark}     ${line}`);
}
if (groups.length > 1) {
  for (const [name, value] of totals) console.log(`${mark} ${name} ${value}`);
}
process.exit(status);
