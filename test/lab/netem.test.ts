import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { run } from "../../ovs-lab/command.js";
import { Lab } from "../../ovs-lab/index.js";

const SERVER = "10.2.0.11";

/** On machines without it, `npm run test:kernel-datapath` runs this in a virtual machine. */
const skip = await run(["modprobe", "sch_netem"]).then(
  ({ status }) => (status === 0 ? false : "this kernel has no netem"),
  () => "there is no modprobe, and so no netem that could be loaded",
);

describe("the WAN by netem", { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.up({ name: `t${process.pid}-netem`, plugin: false, emulation: "netem", rtt: "100ms" });
  });
  after(() => lab?.down());

  /** The round trips, in milliseconds, of the pings that were answered. */
  const ping = async (count: number, ...more: string[]): Promise<number[]> => {
    const argv = ["ping", "-c", `${count}`, "-i", "0.05", "-W", "2", ...more, SERVER];
    const { stdout } = await lab.exec("client", argv);
    return [...stdout.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]));
  };
  const fromA = async () => (await lab.status()).wan.directions.find(({ from }) => from === "a")!;

  it("takes the round trip that it is told, and one direction's own", async () => {
    const both = await ping(5);
    assert.equal(both.length, 5);
    assert.ok(Math.min(...both) >= 100, `${both}`);
    await lab.set({ rtt: "800ms" }, { from: "b", to: "a" });
    const mixed = await ping(5);
    assert.ok(Math.min(...mixed) >= 450 && Math.min(...mixed) < 800, `${mixed}`);
    assert.equal((await fromA()).settings.rtt, "100ms");
    await lab.set({ rtt: "20ms" });
    const short = await ping(10);
    assert.ok(Math.min(...short) >= 20 && Math.min(...short) < 100, `${short}`);
  });

  it("loses what it is told to lose, in one direction, and counts it", async () => {
    const { counters: before } = await fromA();
    await lab.set({ loss: "100%" }, { from: "a", to: "b" });
    assert.deepEqual(await ping(20, "-W", "1"), []);
    const { counters: after } = await fromA();
    assert.ok(after!.lost - before!.lost >= 20, JSON.stringify({ before, after }));
    await lab.set({ loss: "0%" });
    assert.equal((await ping(5)).length, 5);
  });

  it("loses in bursts", async () => {
    await lab.set({ burstLoss: "50%:5" }, { from: "a", to: "b" });
    const answered = await ping(100, "-i", "0.01", "-W", "1");
    assert.ok(answered.length > 0 && answered.length < 100, `${answered.length} of 100`);
    await lab.set({ burstLoss: "0%" });
    assert.equal((await ping(5)).length, 5);
  });

  it("doubles frames", async () => {
    await lab.set({ duplicate: "100%" }, { from: "a", to: "b" });
    const { stdout } = await lab.exec("client", ["ping", "-c", "3", "-i", "0.05", SERVER]);
    assert.match(stdout, /DUP!/);
    await lab.set({ duplicate: "0%" });
  });

  it("keeps its rate", async () => {
    await lab.set({ rate: "2mbit" });
    const server = lab.exec("server", ["nc", "-l", "5000"], { timeout: 60_000 });
    const listens = async () => (await lab.exec("server", ["ss", "-ltnH"])).stdout.includes(":5000 ");
    while (!(await listens())) await new Promise((resolve) => setTimeout(resolve, 10));
    const sent = "x".repeat(1_000_000);
    const started = performance.now();
    await lab.exec("client", ["nc", "-N", SERVER, "5000"], { input: sent, timeout: 60_000 });
    assert.ok((await server).stdout === sent);
    const seconds = (performance.now() - started) / 1000;
    assert.ok((sent.length * 8) / seconds < 2e6, `${seconds} s`);
    await lab.set({ rate: "100mbit" });
  });

  it("goes down, is said to be down, and comes up again", async () => {
    await lab.link(false);
    assert.equal((await lab.status()).wan.up, false);
    assert.deepEqual(await ping(3, "-W", "1"), []);
    await lab.link(true);
    assert.equal((await lab.status()).wan.up, true);
    assert.equal((await ping(3)).length, 3);
  });
});
