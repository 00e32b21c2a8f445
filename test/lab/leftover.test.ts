import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../ovs-lab/command.js";
import { Lab } from "../../ovs-lab/index.js";
import { availableDatapath } from "../../ovs-lab/switch.js";
import { hasCode, leaveNothing, machine, names, ping, up } from "./ground.js";

leaveNothing();

describe("a lab that is in the way or broken", () => {
  let clean: object;
  before(async () => {
    clean = await machine();
  });
  after(() => Lab.down(names.one));

  it("is named when another is to be started in its place", async () => {
    const lab = await up(names.one, { rtt: "20ms" });
    const { message } = await hasCode("EXISTS", up(names.one));
    assert.match(message, /is up already: 2 sites of 2 hosts, 100mbit, RTT 20ms/);
    assert.equal((await ping(lab, "client", "10.2.0.11", 1)).length, 1);
    await lab.down();
  });

  it("goes to one of two who start it at once", async () => {
    const [first, second] = await Promise.allSettled([up(names.one), up(names.one)]);
    const refused = [first, second].filter((one) => one.status === "rejected");
    assert.equal(refused.length, 1);
    assert.equal(refused[0]!.reason.code, "EXISTS");
    assert.equal((await ping(Lab.open(names.one), "client", "10.2.0.11", 1)).length, 1);
    await Lab.down(names.one);
  });

  it("gives way when the process that started it is gone", async () => {
    const index = new URL("../../ovs-lab/index.js", import.meta.url).href;
    const script = `const { Lab } = await import(${JSON.stringify(index)});
      await Lab.up({ name: process.argv[1], hosts: 1, plugin: false });
      process.kill(process.pid, "SIGKILL");`;
    const killed = () =>
      run([process.execPath, "--input-type=module", "--eval", script, names.one]).catch(() => {});
    await killed();
    assert.equal((await Lab.open(names.one).status()).state, "up");
    const said: string[] = [];
    const lab = await Lab.up({ name: names.one, hosts: 1, plugin: false }, (line) => said.push(line));
    assert.equal(said[0], `removing lab "${names.one}", left by a process that is gone`);
    await Lab.removeOrphans();
    assert.equal((await lab.status()).state, "up");
    await lab.down();
    await killed();
    await Lab.removeOrphans();
    assert.equal(existsSync(`/run/ovs-lab/${names.one}`), false);
  });

  it("says what is gone, and can be removed", async () => {
    const lab = await up(names.one);
    const { sites, wan } = await lab.status();
    const gone = [sites[0]!.vswitchd!, sites[1]!.ovsdbServer!, wan.pid!];
    for (const pid of gone) process.kill(pid, "SIGKILL");
    while (gone.some((pid) => existsSync(`/proc/${pid}/ns/net`))) await sleep(10);
    const status = await lab.status();
    assert.equal(status.state, "broken");
    assert.deepEqual(status.broken, ["ovs-vswitchd of site a", "ovsdb-server of site b", "the WAN"]);
    await hasCode("WAN_GONE", lab.set({ rtt: "1ms" }));
    await run(["ip", "netns", "delete", status.nodes[0]!.namespace]);
    assert.equal(await Lab.down(names.one), true);
    assert.deepEqual(await machine(), clean);
  });

  it("is not there once it is down", async () => {
    assert.equal(await Lab.down(names.one), false);
    assert.throws(() => Lab.open(names.one), { code: "NO_LAB" });
  });

  it("leaves nothing when it cannot be started", async (test) => {
    await hasCode("BAD_OPTION", up(names.one, { queue: "some" }));
    assert.deepEqual(await machine(), clean);
    if ((await availableDatapath()) === "kernel") return test.skip("this kernel has every datapath");
    const { message } = await hasCode("OVS_FAILED", up(names.one, { datapath: "kernel" }));
    assert.match(message, /^site [ab]: vswitchd has not made bridge br0/);
    assert.deepEqual(await machine(), clean);
  });
});
