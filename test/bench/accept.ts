/**
 * How soon and how often connections are set up: direct, accepted early, and confirmed by the far edge. On a lab of its
 * own; `node dist/test/bench/accept.js [RTT]`. Latency is of one connection after the other, the rate of 64 at once; a
 * connection counts when the server's first byte has come.
 */
import { Lab } from "../../ovs-lab/index.js";
import { listening, SERVER, script } from "../end-to-end/site.js";

const MODES = { direct: 9031, early: 9032, confirmed: 9033 } as const;
const ONE_BY_ONE = 100;
const AT_ONCE = 64;
const MILLISECONDS = 5000;

interface Figures {
  /** Milliseconds, sorted. */
  readonly connect: readonly number[];
  readonly firstByte: readonly number[];
  readonly perSecond: number;
  readonly failed: number;
}

const client = (port: number) => `
  const connect = [], firstByte = [];
  let failed = 0;
  const once = () => new Promise((resolve) => {
    const start = performance.now();
    let connected;
    net.connect({ port: ${port}, host: "${SERVER}", noDelay: true })
      .on("connect", () => { connected = performance.now() - start; })
      .on("data", function () {
        connect.push(connected);
        firstByte.push(performance.now() - start);
        this.destroy();
        resolve(true);
      })
      .on("error", () => { failed++; resolve(false); });
  });
  (async () => {
    for (let i = 0; i < ${ONE_BY_ONE}; i++) await once();
    const latency = { connect: connect.splice(0), firstByte: firstByte.splice(0) };
    let done = 0;
    const end = performance.now() + ${MILLISECONDS};
    await Promise.all(Array.from({ length: ${AT_ONCE} }, async () => {
      while (performance.now() < end) if (await once()) done++;
    }));
    const sorted = (list) => list.sort((a, b) => a - b);
    console.log(JSON.stringify({ connect: sorted(latency.connect), firstByte: sorted(latency.firstByte),
      perSecond: done / ${MILLISECONDS / 1000}, failed }));
  })();`;

const rtt = process.argv[2] ?? "20ms";
const entry = { protocol: "tcp", source: "10.1.0.11", destination: SERVER, action: "optimize", peer: "b" };
const lab = await Lab.up({
  name: "bench-accept",
  rate: "100mbit",
  rtt,
  plugins: {
    a: {
      table: [
        { ...entry, destination_port: MODES.early, accept: "early" },
        { ...entry, destination_port: MODES.confirmed, accept: "confirmed" },
      ],
    },
  },
});
try {
  const ports = Object.values(MODES).join();
  const server = lab.spawn("server", [
    process.execPath,
    "-e",
    `for (const port of [${ports}]) require("net").createServer((s) => s.on("error", () => {}).write("x")).listen(port, undefined, 4096);`,
  ]);
  for (const port of Object.values(MODES)) await listening(lab, "server", port);
  console.log(`round trip ${rtt}; milliseconds as median (90 %)`);
  for (const [mode, port] of Object.entries(MODES)) {
    const { stdout, stderr } = await script(lab, "client", client(port), 60_000);
    if (stdout === "") throw new Error(stderr);
    const { connect, firstByte, perSecond, failed } = JSON.parse(stdout) as Figures;
    const shown = (list: readonly number[]) =>
      `${list[list.length >> 1]!.toFixed(1)} (${list[Math.floor(list.length * 0.9)]!.toFixed(1)})`;
    console.log(
      `${mode.padEnd(10)} connect ${shown(connect).padEnd(14)} first byte ${shown(firstByte).padEnd(14)} ` +
        `${perSecond.toFixed(0)} connections/s${failed === 0 ? "" : `, ${failed} failed`}`,
    );
  }
  server.kill();
} finally {
  await lab.down();
}
