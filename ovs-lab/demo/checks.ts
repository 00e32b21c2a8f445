import type { Tally } from "./capture.js";
import { grouped } from "./quantity.js";
import type { Check, Run } from "./result.js";
import { emulatorDrops } from "./wan-account.js";

/** Milliseconds; what an idle machine stays well below. */
const BUSY_LATENESS = 5;

/** Goes through what was seen and says what it shows. */
export function check(runs: readonly Run[]): Check[] {
  const optimized = runs.filter((run) => run.path === "ovs-tpo");
  const direct = runs.filter((run) => run.path === "direct");
  return [bytes(runs), wan(optimized), source(optimized), baseline(direct), control(direct), emulator(runs)];
}

function bytes(runs: readonly Run[]): Check {
  const wrong = runs.filter(
    (run) => run.sha256 !== run.sha256_expected || (!run.stopped && run.bytes !== run.size),
  );
  const named = wrong.map((run) => `${run.file} ${run.path}, ${run.bytes} of ${run.size} bytes`);
  return {
    name: "bytes",
    passed: runs.length > 0 && wrong.length === 0,
    finding:
      wrong.length === 0
        ? `every byte as it was sent: SHA-256 equal in ${runs.length} of ${runs.length} downloads`
        : `not what was sent: ${named.join("; ")}`,
  };
}

/** What is left after the mover, in the first packets of all and among those that the download's hosts had to do with. */
function wan(runs: readonly Run[]): Check {
  const movers = sum(runs, (run) => run.capture.first.mover);
  const own = sum(runs, (run) => Math.max(run.capture.first.connection, packets(run.capture.hosts)));
  const missed = sum(runs, (run) => run.capture.hosts.missed);
  const all = sum(runs, (run) => packets(run.capture.first));
  const seen = `${grouped(movers)} of the first ${grouped(all)} packets are the mover's, ${grouped(own)} of all the connection's`;
  return {
    name: "wan",
    passed: runs.length > 0 && runs.every((run) => run.capture.first.mover > 0) && own === 0 && missed === 0,
    finding: `on the WAN: ${seen}${missed === 0 ? "" : `, ${missed} missed by the capture`}`,
  };
}

function source(runs: readonly Run[]): Check {
  const wrong = runs.find((run) => run.client_address !== run.client_address_at_server);
  return {
    name: "source",
    passed: runs.length > 0 && wrong === undefined,
    finding:
      wrong === undefined
        ? `at the server: the client's own address and port, ${runs.map((run) => run.client_address).join(" and ")}`
        : `at the server: the connection comes from ${wrong.client_address_at_server}, the client's is ${wrong.client_address}`,
  };
}

function baseline(runs: readonly Run[]): Check {
  const wrong = runs.find((run) => run.congestion_control !== run.congestion_control_wanted);
  return {
    name: "baseline",
    passed: runs.length > 0 && wrong === undefined,
    finding:
      wrong === undefined
        ? `direct means ${[...new Set(runs.map((run) => run.congestion_control))].join(" and ")}, the server's kernel says so too`
        : `direct was to mean ${wrong.congestion_control_wanted}, the server's kernel says ${wrong.congestion_control ?? "nothing"}`,
  };
}

/** The same capture sees a connection that is not intercepted: so it would have seen one that should have been. */
function control(runs: readonly Run[]): Check {
  const [first] = runs;
  const missing = runs.find((run) => run.capture.hosts.connection === 0);
  const pair = `${first?.client_node} → ${first?.server_node}`;
  return {
    name: "control",
    passed: runs.length > 0 && missing === undefined,
    finding:
      missing === undefined
        ? `direct means ${pair}, not in the look-up table: seen on the WAN as it is`
        : `${pair} should go direct, but nothing of it was seen on the WAN`,
  };
}

/** Not a fault of what is shown, so it fails nothing; but a figure that it limits is no figure. */
function emulator(runs: readonly Run[]): Check {
  const drops = sum(runs, (run) => emulatorDrops(run.wan));
  const late = Math.max(0, ...runs.flatMap((run) => run.wan.map(({ lateness }) => lateness.p99)));
  const limits = drops > 0 || late > BUSY_LATENESS;
  return {
    name: "emulator",
    passed: true,
    finding: `the WAN emulator: ${grouped(drops)} frames lost by its own fault, 99 % at most ${late.toFixed(1)} ms late${limits ? ": this machine was busy" : ""}`,
  };
}

function packets({ mover, connection, other }: Tally): number {
  return mover + connection + other;
}

function sum(runs: readonly Run[], count: (run: Run) => number): number {
  return runs.reduce((total, run) => total + count(run), 0);
}
