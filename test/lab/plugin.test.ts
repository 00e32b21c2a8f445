import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Lab, LabError } from "../../ovs-lab/index.js";

const name = `t${process.pid}-plugin`;

async function refusal(promise: Promise<unknown>): Promise<LabError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof LabError, `${outcome}`);
  return outcome;
}

after(() => Lab.down(name));

describe("a lab's plugins", () => {
  let lab: Lab;
  const pid = async (site: string) => (await lab.status()).sites.find((one) => one.name === site)!.plugin.pid;
  before(async () => {
    lab = await Lab.up({ name, hosts: 1, rtt: "10ms" });
  });
  after(() => lab.down());

  it("run in the switches' namespaces, each with its port on the bridge", async () => {
    for (const site of ["a", "b"]) {
      const { nodes } = await lab.status();
      assert.ok(nodes.find((node) => node.name === `${site}-switch`)!.pids.includes((await pid(site))!));
      const { stdout } = await lab.exec(`${site}-switch`, ["ovs-vsctl", "list-ports", "br0"]);
      assert.ok(stdout.split("\n").includes("tpo0"), stdout);
    }
  });

  it("stop in good order, and start again", async () => {
    await lab.plugin("a").stop();
    assert.equal(await pid("a"), null);
    await lab.plugin("a").start();
    assert.notEqual(await pid("a"), null);
    await lab.plugin("a").ready();
  });

  it("can be killed, and restarted", async () => {
    const before = await pid("b");
    await lab.plugin("b").kill();
    assert.equal(await pid("b"), null);
    await lab.plugin("b").restart();
    const after = await pid("b");
    assert.ok(after !== null && after !== before);
  });

  it("do not run twice", async () => {
    const { code, message } = await refusal(lab.plugin("a").start());
    assert.equal(code, "PLUGIN_FAILED");
    assert.match(message, /^site a: the plugin is running already \(pid \d+\)$/);
  });

  it("belong to sites that there are", async () => {
    assert.throws(() => lab.plugin("z"), { code: "NO_NODE", message: 'no site "z"; there are a, b' });
  });
});

it("a plugin that does not start is quoted, and the lab with it goes", async () => {
  const plugins = { b: { mover: { listen: "10.2.0.2:4754", segment_size: -1 } } };
  const { code, message } = await refusal(Lab.up({ name, hosts: 1, plugins }));
  assert.equal(code, "PLUGIN_FAILED");
  assert.match(message, /^site b: the plugin has ended; the last lines of its log:\n.*segment_size/s);
  assert.ok(!existsSync(`/run/ovs-lab/${name}`));
});
