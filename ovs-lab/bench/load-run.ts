import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Lab } from "../lab.js";
import { BenchError } from "./error.js";
import type { Reports, Task, Word } from "./load/task.js";

const CLIENT = fileURLToPath(new URL("./load/client.js", import.meta.url));
export const SOURCE = fileURLToPath(new URL("./load/source.js", import.meta.url));
/** On top of what its task takes. */
const GRACE_SECONDS = 30;
const LAST_WORDS = 400;

export type Launch = (argv: readonly string[]) => ChildProcess;

/** Starts programs in a node of the lab. */
export function launchIn(lab: Lab, node: string): Launch {
  return (argv) => lab.spawn(node, argv, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
}

/** A client of the load at work. */
export class LoadRun<T extends Task> {
  readonly child: ChildProcess;
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;
  readonly report: Promise<Reports[T["kind"]]>;

  constructor(launch: Launch, task: T) {
    const child = launch([process.execPath, CLIENT, JSON.stringify(task)]);
    this.child = child;
    const begun = deferred<void>();
    const ended = deferred<void>();
    const report = deferred<Reports[T["kind"]]>();
    this.begun = begun.promise;
    this.ended = ended.promise;
    this.report = report.promise;
    for (const promise of [this.begun, this.ended, this.report]) promise.catch(() => {}); // whoever waits hears of it
    let words = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-LAST_WORDS);
    });
    const fail = (error: BenchError) => {
      for (const { reject } of [begun, ended, report]) reject(error);
    };
    const timer = setTimeout(
      () => {
        child.kill("SIGKILL");
        fail(new BenchError("TOO_LONG", `the load (${task.kind}) is not done in time`));
      },
      (duration(task) + GRACE_SECONDS) * 1000,
    );
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const word = JSON.parse(line) as Word;
      if ("report" in word) report.resolve(word.report as Reports[T["kind"]]);
      else (word.mark === "begin" ? begun : ended).resolve();
    });
    child.on("error", (error) => fail(new BenchError("LOAD_FAILED", error.message)));
    child.on("close", (status) => {
      clearTimeout(timer);
      fail(
        new BenchError("LOAD_FAILED", `the load ended with ${status}: ${words.trim().split("\n").at(-1)}`),
      );
    });
  }
}

/** Seconds at most. */
function duration(task: Task): number {
  switch (task.kind) {
    case "bulk":
      return task.startUp + task.seconds;
    case "fetch":
      return (task.count * (task.pause + task.limit)) / 1000;
    case "exchange":
      return task.seconds;
    case "open":
      return task.seconds + task.oneByOne;
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
