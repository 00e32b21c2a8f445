import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { LabError } from "./errors.js";
import type { ProcessId } from "./namespace.js";
import type { LabPlan } from "./options.js";
import type { Datapath } from "./switch.js";
import type { WanSettings } from "./wan/settings.js";

/** What one direction has in place of the WAN's common settings. */
export interface DirectedSettings {
  readonly from: string;
  readonly to: string;
  readonly settings: Partial<WanSettings>;
}

/** What a lab's directory says of it, for whoever comes later. */
export interface LabState {
  /** "starting" until everything runs; a lab whose start was cut short stays so. */
  readonly phase: "starting" | "up";
  readonly plan: LabPlan;
  readonly directed: readonly DirectedSettings[];
  readonly datapath: Datapath;
  /** Who starts it, or has. */
  readonly starter: ProcessId;
  /** ISO 8601. */
  readonly since: string;
}

const ROOT = "/run/ovs-lab";

/** One lab's directory below /run, so that it is gone after a restart of the machine as the lab itself is. */
export class StateDirectory {
  readonly path: string;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.path = `${ROOT}/${name}`;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** @throws LabError `EXISTS` if there is one: of two that start the same lab, one gets it */
  claim(): void {
    mkdirSync(ROOT, { recursive: true });
    try {
      mkdirSync(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new LabError("EXISTS", `lab "${this.#name}" is there already`);
    }
  }

  /** Undefined where there is none, or none that can be read: a crash may have come before it was written. */
  read(): LabState | undefined {
    try {
      return JSON.parse(readFileSync(`${this.path}/state.json`, "utf8")) as LabState;
    } catch {
      return undefined;
    }
  }

  write(state: LabState): void {
    const next = `${this.path}/state.json.next`;
    writeFileSync(next, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(next, `${this.path}/state.json`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
    try {
      rmdirSync(ROOT);
    } catch {
      // Another lab's is in it, or it was never there.
    }
  }
}

/** The labs that have a directory. */
export function labNames(): string[] {
  return existsSync(ROOT) ? readdirSync(ROOT).sort() : [];
}
