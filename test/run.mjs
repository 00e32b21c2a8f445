// Runs the test files of the build, one process a file: those that mind a busy neighbour one after another, others two or
// three at a time, and what only calculates behind those. Ends with what failed and why, and a summary of all in the
// words of node's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folders = ["flows/openflow-ts/dist/test", "flows/ovsdb-client/dist/test", "dist/test"];
const wanted = process.argv.slice(2);

/** What these show depends on who else has the machine's processors, or how soon something happens: alone. */
const ALONE = [
  ...["conformance/", "lab/", "soak/"],
  ...["faults/process", "faults/worker", "end-to-end/download", "end-to-end/multipoint"],
];
/** These mind a neighbour, but not one that gives way. */
const ONE_BY_ONE = ["faults/switch", "mover/dgram"];
/** These wait for a switch or for sockets most of the time, and mind one neighbour of their kind little. */
const IN_PAIRS = ["faults/", "flows/", "worker/"];
/** These only calculate: beside the others, with what these leave of the processors. Those that take long come first. */
const CALCULATING = ["mover/fairness", "mover/delivery", "mover/", "worker/halves"];
/** The others, so many at a time. */
const TOGETHER = 3;
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
let groups = 0;
let status = 0;

/**
 * Runs files, so many at a time, shows what node says of them, and adds up what came of them. `behind`: they get the
 * processors only when nobody else wants them, and what is said of them is shown when all have ended.
 */
async function run(files, concurrency, { behind = false } = {}) {
  if (files.length === 0) return;
  // Beside others a test waits so many times longer (ovs-lab/patience.ts), on a slow machine already.
  const slow = Number(process.env.OVS_TPO_SLOW || 1) * concurrency;
  const outcome = join(notes, `${groups++}`);
  const options = [
    ...["--enable-source-maps", "--test", `--test-concurrency=${concurrency}`],
    ...[`--test-timeout=${(behind ? 3 : 1) * LONGEST * slow}`],
    ...[`--test-reporter=${reporter}`, "--test-reporter-destination=stdout"],
    ...["--test-reporter=./test/outcome.mjs", `--test-reporter-destination=${outcome}`],
  ];
  const command = [...(behind ? ["chrt", "--idle", "0"] : []), process.execPath, ...options, ...files];
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: { ...process.env, ...(reporter === "spec" ? { FORCE_COLOR: "1" } : {}), OVS_TPO_SLOW: `${slow}` },
    stdio: ["inherit", behind ? "pipe" : "inherit", "inherit"],
  });
  const said = behind ? text(child.stdout) : "";
  const [code] = await once(child, "close");
  if (code !== 0) status = code || 1;
  process.stdout.write(await said);
  const lines = existsSync(outcome) ? readFileSync(outcome, "utf8").split("\n") : [];
  for (const line of lines.filter(Boolean)) {
    const { name, value, ...failure } = JSON.parse(line);
    if (name !== undefined) totals.set(name, (totals.get(name) ?? 0) + value);
    else failures.push(failure);
  }
}

// A run that was killed has left its labs: they take processor time, and their names.
const { Lab } = await import("../dist/ovs-lab/index.js");
if (process.geteuid() === 0) await Lab.removeOrphans((line) => console.error(`ovs-lab: ${line}`));
const begun = performance.now();
const left = new Set(files);
/** Those of the files that are left whose names begin so. */
function take(parts) {
  return parts.flatMap((part) => {
    const taken = [...left].filter((name) => name.startsWith(`dist/test/${part}`));
    for (const name of taken) left.delete(name);
    return taken;
  });
}
const [alone, oneByOne, calculating, inPairs] = [ALONE, ONE_BY_ONE, CALCULATING, IN_PAIRS].map(take);
async function runWaiting() {
  await run([...left], TOGETHER);
  await run(inPairs, 2);
  await run(oneByOne, 1);
}
await Promise.all([run(calculating, availableParallelism(), { behind: true }), runWaiting()]);
await run(alone, 1);
totals.set("duration_ms", performance.now() - begun);
const mark = reporter === "tap" ? "#" : "ℹ";
for (const { file, test, reason } of failures) {
  console.log(`${mark} failed: ${test} (${file})`);
  for (const line of reason.trimEnd().split("\n").slice(0, REASON)) console.log(`${mark}     ${line}`);
}
if (groups > 1) {
  for (const [name, value] of totals) console.log(`${mark} ${name} ${value}`);
}
process.exit(status);
