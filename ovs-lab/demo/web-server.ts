import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../lab.js";
import { DemoError } from "./error.js";

const READY_WITHIN_MS = 10_000;
const LOGGED_WITHIN_MS = 5_000;
const POLL_MS = 50;

/** What the server's log says of one request. Addresses are with ports. */
export interface LoggedRequest {
  readonly client: string;
  readonly server: string;
  /** Of the body. */
  readonly bytes: number;
}

/** An nginx of the demo's own on a host of the lab, with its own configuration, log and directory. */
export class WebServer {
  /** "http://ADDRESS". */
  readonly url: string;
  readonly #log: string;
  readonly #errors: string;
  readonly #child: ChildProcess;

  /**
   * @param files the directory that is served
   * @throws DemoError `WEB_SERVER`
   */
  static async start(lab: Lab, node: string, directory: string, files: string): Promise<WebServer> {
    const server = new WebServer(lab, node, directory, files);
    await server.#ready(lab, node);
    return server;
  }

  private constructor(lab: Lab, node: string, directory: string, files: string) {
    const address = lab.topology.node(node).addresses[0]!.replace(/\/.*/, "");
    this.url = `http://${address}`;
    this.#log = `${directory}/access.log`;
    this.#errors = `${directory}/error.log`;
    mkdirSync(directory, { recursive: true });
    const configuration = `${directory}/nginx.conf`;
    writeFileSync(configuration, nginxConfiguration(directory, files, `${address}:80`));
    // Of a process group of its own: an interrupt at the keyboard is ours to handle, in good order.
    this.#child = lab.spawn(node, ["nginx", "-p", directory, "-c", configuration, "-e", this.#errors], {
      detached: true,
      stdio: "ignore",
    });
    this.#child.on("error", () => {}); // seen by `#ready`: it does not answer
    this.#child.unref();
  }

  /** Waits for the log to tell of a request: nginx writes of it once it has ended. @throws DemoError `WEB_SERVER` */
  async logged(path: string): Promise<LoggedRequest> {
    for (const until = Date.now() + LOGGED_WITHIN_MS; ; await sleep(POLL_MS)) {
      const lines = existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n") : [];
      const found = lines.map((line) => line.split(" ")).find(([, , , requested]) => requested === path);
      if (found !== undefined) {
        const [client = "", server = "", bytes = ""] = found;
        return { client, server, bytes: Number(bytes) };
      }
      if (Date.now() > until) throw new DemoError("WEB_SERVER", `${this.#log} does not tell of ${path}`);
    }
  }

  async #ready(lab: Lab, node: string): Promise<void> {
    for (const until = Date.now() + READY_WITHIN_MS; ; await sleep(POLL_MS)) {
      const { status } = await lab.exec(node, [
        "curl",
        "-q",
        "-s",
        "-o",
        "/dev/null",
        "-m",
        "1",
        `${this.url}/`,
      ]);
      if (status === 0) return;
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (!ended && Date.now() < until) continue;
      const words = existsSync(this.#errors)
        ? readFileSync(this.#errors, "utf8").trim().split("\n").at(-1)
        : "";
      const what = ended ? "has ended" : `does not answer on ${this.url}`;
      throw new DemoError("WEB_SERVER", `nginx on ${node} ${what}${words ? `: ${words}` : ""}`);
    }
  }
}

function nginxConfiguration(directory: string, files: string, listen: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  return `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 64; }
http {
${temporary.join("\n")}
  default_type application/octet-stream;
  sendfile on;
  gzip off;
  log_format demo '$remote_addr:$remote_port $server_addr:$server_port $body_bytes_sent $request_uri';
  access_log ${directory}/access.log demo;
  server {
    listen ${listen};
    root ${files};
  }
}
`;
}
