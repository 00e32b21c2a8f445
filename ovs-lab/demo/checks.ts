import { grouped } from "./quantity.js";
import type { Check, Run } from "./result.js";
import { emulatorDrops } from "./wan-account.js";

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
  return {
    name: "bytes",
    passed: runs.length > 0 && wrong.length === 0,
    finding:
      wrong.length === 0
        ? `every byte arrived as it was sent: SHA-256 equal in ${runs.length} of ${runs.length} downloads`
        : `not what was sent: ${wrong.map((run) => `${run.file} ${run.path} (${run.bytes} of ${run.size} bytes)`).join(", ")}`,
  };
}

function wan(runs: readonly Run[]): Check {
  const movers = sum(runs, (run) => run.capture.first.mover);
  const own = sum(runs, (run) => run.capture.first.connection + run.capture.hosts.connection);
  const missed = sum(runs, (run) => run.capture.hosts.missed);
  const seen = `${grouped(movers)} of ${grouped(sum(runs, allFirst))} packets captured are the mover's UDP`;
  const unseen = missed === 0 ? "" : `; ${missed} were missed by the capture`;
  return {
    name: "wan",
    passed: runs.length > 0 && runs.every((run) => run.capture.first.mover > 0) && own === 0 && missed === 0,
    finding:
      own === 0
        ? `on the WAN ${seen}; of the connection itself not one, from its first to its last${unseen}`
        : `on the WAN ${grouped(own)} packets of the connection itself were seen; ${seen}`,
  };
}

function source(runs: readonly Run[]): Check {
  const wrong = runs.find((run) => run.client_address !== run.client_address_at_server);
  return {
    name: "source",
    passed: runs.length > 0 && wrong === undefined,
    finding:
      wrong === undefined
        ? `at the server the connection comes from ${runs[0]?.client_address}, the client's own address and port`
        : `the client's address is ${wrong.client_address}, the server saw ${wrong.client_address_at_server}`,
  };
}

function baseline(runs: readonly Run[]): Check {
  const wrong = runs.find((run) => run.congestion_control !== run.congestion_control_wanted);
  return {
    name: "baseline",
    passed: runs.length > 0 && wrong === undefined,
    finding:
      wrong === undefined
        ? `the direct connections ran ${[...new Set(runs.map((run) => run.congestion_control))].join(" and ")}, as the server's kernel says`
        : `a direct connection was to run ${wrong.congestion_control_wanted}; the server's kernel says ${wrong.congestion_control ?? "nothing"}`,
  };
}

/** The same capture sees a connection that is not intercepted: so it would have seen one that should have been. */
function control(runs: readonly Run[]): Check {
  const [first] = runs;
  const missing = runs.find((run) => run.capture.hosts.connection === 0);
  const pair = `${first?.client_node} to ${first?.server_node}`;
  return {
    name: "control",
    passed: runs.length > 0 && missing === undefined,
    finding:
      missing === undefined
        ? `${pair} is not in the look-up table: it goes past the plugins, and the same capture sees it plainly`
        : `${pair} should go direct, but nothing of it was seen on the WAN`,
  };
}

/** Not a fault of what is shown, so it fails nothing; but a figure that it limits is no figure. */
function emulator(runs: readonly Run[]): Check {
  const drops = sum(runs, (run) => emulatorDrops(run.wan));
  const late = Math.max(0, ...runs.flatMap((run) => run.wan.map(({ lateness }) => lateness.p99)));
  const lateness = `99 % of its frames less than ${late.toFixed(1)} ms late`;
  return {
    name: "emulator",
    passed: true,
    finding:
      drops === 0
        ? `the WAN emulator kept up: none of its own drops, ${lateness}`
        : `the WAN emulator dropped ${grouped(drops)} frames of its own, ${lateness}: this machine was busy, the rates are lower bounds`,
  };
}

function allFirst({ capture }: Run): number {
  const { mover, connection, other } = capture.first;
  return mover + connection + other;
}

function sum(runs: readonly Run[], count: (run: Run) => number): number {
  return runs.reduce((total, run) => total + count(run), 0);
}
