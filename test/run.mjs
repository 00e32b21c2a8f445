// Runs every test file of the build, one process a file, and ends with node's own summary.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folders = ["flows/openflow-ts/dist/test", "flows/ovsdb-client/dist/test", "dist/test"];
const wanted = process.argv.slice(2);

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

// A file that does not end has failed, and is not to keep the others waiting. Milliseconds.
const LONGEST = 300_000;

// Labs share two cores: files run one after another, so that a busy neighbour makes no test late.
const child = spawn(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-concurrency=1", `--test-timeout=${LONGEST}`, ...files],
  {
    cwd: root,
    stdio: "inherit",
  },
);
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
