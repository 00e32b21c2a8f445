import { createHash } from "node:crypto";
import type { Lab } from "../lab.js";
import { DemoError } from "./error.js";
import { Series } from "./series.js";

export interface DownloadRequest {
  readonly lab: Lab;
  readonly node: string;
  readonly url: string;
  /** Seconds. */
  readonly limit: number;
  /** Called when the first bytes have come. */
  readonly onStart: () => void;
}

/** What curl has brought. Seconds are curl's own, from before the connection is opened. */
export interface Downloaded {
  readonly bytes: number;
  readonly seconds: number;
  readonly secondsToFirstByte: number;
  /** The limit ended it. */
  readonly stopped: boolean;
  readonly sha256: string;
  /** Of the connection, at the client: "address:port". */
  readonly client: string;
}

/** curl's exit status for --max-time (curl(1), EXIT CODES). */
const OPERATION_TIMEOUT = 28;

/** What we use of what `--write-out '%{json}'` prints. */
interface CurlReport {
  readonly http_code: number;
  readonly time_total: number;
  readonly time_starttransfer: number;
  readonly local_ip: string;
  readonly local_port: number;
}

/** A curl in a node of the lab. What it brings is counted and hashed as it comes, and kept nowhere. */
export class Download {
  readonly series = new Series();
  readonly #request: DownloadRequest;
  #started = 0;

  constructor(request: DownloadRequest) {
    this.#request = request;
  }

  /** Seconds since the start. */
  readonly elapsed = (): number => (this.#started === 0 ? 0 : (performance.now() - this.#started) / 1000);

  /** @throws DemoError `TRANSFER` */
  async run(): Promise<Downloaded> {
    const { lab, node, url, limit, onStart } = this.#request;
    const options = ["--no-buffer", "--silent", "--show-error", "--noproxy", "*", "--max-time", `${limit}`];
    const argv = ["curl", "-q", ...options, "--write-out", "%{stderr}%{json}\n", url];
    this.#started = performance.now();
    const child = lab.spawn(node, argv, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const hash = createHash("sha256");
    child.stdout!.on("data", (chunk: Buffer) => {
      if (this.series.bytes === 0) onStart();
      hash.update(chunk);
      this.series.add(this.elapsed(), chunk.length);
    });
    let words = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      words += text;
    });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject).on("close", resolve);
    });
    const report = parseReport(words);
    const stopped = status === OPERATION_TIMEOUT && report?.http_code === 200;
    if (report === undefined || report.http_code !== 200 || (status !== 0 && !stopped)) {
      const complaint = words.split("\n").find((line) => line.startsWith("curl:"));
      const answered = report?.http_code ? `, HTTP status ${report.http_code}` : "";
      throw new DemoError(
        "TRANSFER",
        `${node} could not fetch ${url}${answered}: ${complaint ?? `curl ended with ${status}`}`,
      );
    }
    return {
      bytes: this.series.bytes,
      seconds: report.time_total,
      secondsToFirstByte: report.time_starttransfer,
      stopped,
      sha256: hash.digest("hex"),
      client: `${report.local_ip}:${report.local_port}`,
    };
  }
}

function parseReport(words: string): CurlReport | undefined {
  const line = words.split("\n").find((line) => line.startsWith("{"));
  return line === undefined ? undefined : (JSON.parse(line) as CurlReport);
}
