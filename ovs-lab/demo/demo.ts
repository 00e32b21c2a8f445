import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInstalled } from "../command.js";
import { LabError } from "../errors.js";
import { Lab } from "../lab.js";
import { WAN_DEVICE } from "../topology.js";
import { Capture, type CaptureOptions } from "./capture.js";
import { check } from "./checks.js";
import { chooseCongestionControl, observeCongestionControl } from "./congestion-control.js";
import { checkSpace, descriptions, sha256OfStart, writeCorpus } from "./corpus.js";
import { Download } from "./download.js";
import { DemoError } from "./error.js";
import { type DemoPlan, label, type TransferPlan } from "./plan.js";
import { complaints } from "./plugin-log.js";
import { difference, processorTime } from "./processor-time.js";
import { Progress } from "./progress.js";
import { megabytes } from "./quantity.js";
import { outcome } from "./report.js";
import { type DemoResult, machine, type Run } from "./result.js";
import type { Screen } from "./screen.js";
import { account } from "./wan-account.js";
import { WebServer } from "./web-server.js";

const PROGRAMS = ["nginx", "curl", "tcpdump", "ss"] as const;
const HTTP_PORT = 80;

/** What is on the wire at the beginning is counted in whole; of what must not be there, more than some is as bad. */
const FIRST_PACKETS = 2_000;
const MOST_HOST_PACKETS = 1_000;

/**
 * Who downloads from whom. The lab's look-up table takes the connections between the sites' first hosts; those
 * between the second hosts take the same switches, routers and WAN, and are the control.
 */
const pairs = {
  "ovs-tpo": { client: "a-host1", server: "b-host1" },
  direct: { client: "a-host2", server: "b-host2" },
} as const;

/** The whole demo: a lab, two web servers, some downloads, and what they show. */
export class Demo {
  /** Where the served files, the servers' configurations and their logs are. */
  readonly directory: string;
  readonly runs: Run[] = [];
  readonly #plan: DemoPlan;
  readonly #screen: Screen;
  #starting: Promise<Lab> | undefined;

  /** @throws DemoError `MISSING`, `NO_SPACE` */
  constructor(plan: DemoPlan, screen: Screen) {
    const missing = PROGRAMS.filter((program) => !isInstalled(program));
    if (missing.length > 0) {
      throw new DemoError(
        "MISSING",
        `not installed: ${missing.join(", ")}; ovs-lab/bootstrap installs what is needed`,
      );
    }
    this.#plan = plan;
    this.#screen = screen;
    this.directory = makeDirectory();
  }

  /** @throws DemoError or LabError; what has been done until then is in `runs` */
  async run(): Promise<DemoResult> {
    const { transfers, size } = this.#plan;
    const files = [...new Set(transfers.map(({ file }) => file))];
    this.#setUp(`${files.length} files of ${megabytes(size)}`);
    await checkSpace(this.directory, files.length * size);
    mkdirSync(this.#filesDirectory);
    for (const file of files) await writeCorpus(this.#path(file), file, size);
    const lab = await this.#startLab();
    const servers = {
      "ovs-tpo": await this.#startServer(lab, pairs["ovs-tpo"].server),
      direct: await this.#startServer(lab, pairs.direct.server),
    };
    for (const file of files) {
      this.#screen.say();
      this.#screen.say(`  ${descriptions[file]}, ${megabytes(size)}`);
      for (const transfer of transfers.filter((transfer) => transfer.file === file)) {
        const run = await this.#transfer(lab, servers[transfer.path], transfer, `${this.runs.length}`);
        this.runs.push(run);
        this.#screen.say(`  ${outcome(run)}`);
      }
    }
    return this.#result(lab);
  }

  /** Removes everything that the demo has brought up, and its files. A lab that was there before stays. */
  async cleanUp(): Promise<void> {
    if (this.#starting !== undefined) {
      const { name } = this.#plan;
      // What is still being built resists; then it fails for want of what is gone.
      await Lab.down(name).catch(() => {});
      await this.#starting.catch(() => {});
      await Lab.down(name);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #filesDirectory(): string {
    return `${this.directory}/files`;
  }

  #path(file: TransferPlan["file"]): string {
    return `${this.#filesDirectory}/${file}`;
  }

  async #startLab(): Promise<Lab> {
    const { name, wan } = this.#plan;
    try {
      this.#starting = Lab.up({ name, ...wan }, (line) => this.#setUp(line));
      return await this.#starting;
    } catch (error) {
      // Somebody else's lab is not ours to remove.
      if (error instanceof LabError && error.code === "EXISTS") this.#starting = undefined;
      throw error;
    } finally {
      this.#screen.clear();
    }
  }

  #setUp(what: string): void {
    this.#screen.live(this.#screen.style.dim(`  setting up: ${what}`));
  }

  #startServer(lab: Lab, node: string): Promise<WebServer> {
    return WebServer.start(lab, node, `${this.directory}/${node}`, this.#filesDirectory);
  }

  async #transfer(lab: Lab, server: WebServer, transfer: TransferPlan, id: string): Promise<Run> {
    const { file, path, congestionControl, limit } = transfer;
    const { size } = this.#plan;
    const pair = pairs[path];
    await chooseCongestionControl(lab, pair.server, congestionControl);
    await lab.resetLateness();
    const before = await lab.status();
    const usedBefore = processorTime(before);
    const captures = await startCaptures(lab, path);

    let observed: Promise<string | null> = Promise.resolve(null);
    const request = `/${file}?run=${id}`;
    const download = new Download({
      lab,
      node: pair.client,
      url: `${server.url}${request}`,
      limit,
      onStart: () => {
        observed = observeCongestionControl(lab, pair.server, HTTP_PORT, ["cubic", "bbr", "reno"]);
      },
    });
    const progress = new Progress(
      this.#screen,
      { name: label(transfer), size, limit },
      download.series,
      download.elapsed,
    );
    const downloaded = await download
      .run()
      .catch((error) => explain(lab, error))
      .finally(() => progress.end());

    const after = await lab.status();
    const [first, hosts] = await Promise.all(captures.map((capture) => capture.end()));
    const logged = await server.logged(request);
    return {
      file,
      path,
      congestion_control: await observed,
      congestion_control_wanted: congestionControl,
      client_node: pair.client,
      server_node: pair.server,
      size,
      bytes: downloaded.bytes,
      seconds: downloaded.seconds,
      seconds_to_first_byte: downloaded.secondsToFirstByte,
      stopped: downloaded.stopped,
      mbit_s: (downloaded.bytes * 8) / downloaded.seconds / 1e6,
      sha256: downloaded.sha256,
      sha256_expected: await sha256OfStart(this.#path(file), downloaded.bytes),
      client_address: downloaded.client,
      client_address_at_server: logged.client,
      samples: download.series.samples,
      wan: account(before.wan, after.wan),
      cpu_seconds: difference(usedBefore, processorTime(after)),
      capture: { first: first!, hosts: hosts! },
    };
  }

  async #result(lab: Lab): Promise<DemoResult> {
    const { datapath, wan } = await lab.status();
    const { stdout } = await lab.exec("a-switch", ["ovs-vswitchd", "--version"]);
    const checks = check(this.runs);
    return {
      date: new Date().toISOString(),
      machine: machine(stdout.split("\n")[0] ?? ""),
      conditions: { ...this.#plan.wan, datapath, emulation: wan.emulation, seed: wan.seed },
      runs: this.runs,
      checks,
      passed: checks.every(({ passed }) => passed),
    };
  }
}

/** A download that failed is the end; what the plugins know of it goes with the lab, unless it is told now. */
async function explain(lab: Lab, error: unknown): Promise<never> {
  const { sites } = await lab.status();
  const words = complaints(sites);
  if (!(error instanceof DemoError) || words.length === 0) throw error;
  throw new DemoError(error.code, [error.message, ...words].join("\n  "), { cause: error });
}

/** The first packets of all, and all of those that the download's own hosts send or get; seen where the WAN begins. */
function startCaptures(lab: Lab, path: TransferPlan["path"]): Promise<Capture[]> {
  const address = (node: string) => lab.topology.node(node).addresses[0]!.replace(/\/.*/, "");
  const { client, server } = pairs[path];
  const hosts = [address(client), address(server)];
  const common: Omit<CaptureOptions, "most"> = {
    lab,
    node: "a-router",
    device: WAN_DEVICE,
    hosts,
    movers: lab.topology.sites.map(({ plugin }) => plugin.ipv4),
  };
  return Promise.all([
    Capture.start({ ...common, most: FIRST_PACKETS }),
    Capture.start({
      ...common,
      most: MOST_HOST_PACKETS,
      filter: hosts.map((host) => `host ${host}`).join(" or "),
    }),
  ]);
}

/** @throws DemoError `NO_SPACE` */
function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), "ovs-tpo-demo-"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DemoError("NO_SPACE", `${tmpdir()} takes no files (${code}); set TMPDIR to another place`, {
      cause,
    });
  }
}
