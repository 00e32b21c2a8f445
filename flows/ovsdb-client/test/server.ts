import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const SWITCH_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

/** A small database of many kinds of columns. */
export const TEST_SCHEMA = {
  name: "Test",
  version: "1.0.0",
  tables: {
    Node: {
      isRoot: true,
      columns: {
        name: { type: "string" },
        number: { type: { key: "integer", min: 0 } },
        ratio: { type: "real" },
        up: { type: "boolean" },
        mode: { type: { key: { type: "string", enum: ["set", ["active", "passive"]] }, min: 0 } },
        level: { type: { key: { type: "integer", minInteger: 0, maxInteger: 9 } } },
        labels: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        counters: { type: { key: "string", value: "integer", min: 0, max: "unlimited" } },
        tags: { type: { key: "integer", min: 0, max: "unlimited" } },
        links: { type: { key: { type: "uuid", refTable: "Link" }, min: 0, max: "unlimited" } },
        peer: { type: { key: { type: "uuid", refTable: "Node", refType: "weak" }, min: 0 } },
      },
      indexes: [["name"]],
    },
    Link: { columns: { name: { type: "string" }, cost: { type: "integer" } } },
  },
};

/** An `ovsdb-server` of our own, with its files in a directory of its own. */
export class Server {
  readonly directory: string;
  readonly #databases: readonly string[];
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(directory: string, databases: readonly string[], options: readonly string[]) {
    this.directory = directory;
    this.#databases = databases;
    this.#options = options;
  }

  /** Creates a database for each schema (JSON, or a schema file's path) and starts the server. */
  static async start(
    schemas: readonly (object | string)[],
    options: readonly string[] = [],
  ): Promise<Server> {
    const directory = mkdtempSync(join(tmpdir(), "ovsdb-client-test-"));
    const databases = schemas.map((schema, index) => {
      const file = join(directory, `${index}.db`);
      execFileSync("ovsdb-tool", ["create", file, schemaFile(directory, schema, index)]);
      return file;
    });
    const server = new Server(directory, databases, options);
    await server.resume();
    return server;
  }

  /** Serves database files that are there already, e.g. a cluster's. */
  static async serve(
    directory: string,
    databases: readonly string[],
    options: readonly string[] = [],
  ): Promise<Server> {
    const server = new Server(directory, databases, options);
    await server.resume();
    return server;
  }

  get socket(): string {
    return join(this.directory, "db.sock");
  }

  get remote(): string {
    return `unix:${this.socket}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async resume(): Promise<void> {
    const flags = [
      `--remote=punix:${this.socket}`,
      `--unixctl=${join(this.directory, "ctl")}`,
      `--log-file=${join(this.directory, "log")}`,
      "--verbose=off",
      "--verbose=file:info",
    ];
    this.#process = await launch(
      "ovsdb-server",
      [...flags, ...this.#options, ...this.#databases],
      this.directory,
      this.socket,
    );
  }

  /** Ends the server's process, by default without giving it time for farewells. */
  async halt(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
    rmSync(this.socket, { force: true });
  }

  /** A command of the server's own, e.g. `ovsdb-server/list-dbs`. */
  control(...command: string[]): string {
    return execFileSync("ovs-appctl", ["-t", join(this.directory, "ctl"), ...command], { encoding: "utf8" });
  }

  async remove(): Promise<void> {
    await this.halt();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function schemaFile(directory: string, schema: object | string, index = 0): string {
  if (typeof schema === "string") return schema;
  const file = join(directory, `${index}.ovsschema`);
  writeFileSync(file, JSON.stringify(schema));
  return file;
}

/** A TCP port of the loopback that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts a program and waits for the file by which it shows that it is ready. */
export async function launch(
  program: string,
  args: string[],
  directory: string,
  sign: string,
): Promise<ChildProcess> {
  const env = { ...process.env, OVS_RUNDIR: directory, OVS_DBDIR: directory, OVS_LOGDIR: directory };
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  while (!existsSync(sign)) {
    if (child.exitCode !== null) throw new Error(`${program} did not start: ${complaints}`);
    await sleep(5);
  }
  return child;
}
