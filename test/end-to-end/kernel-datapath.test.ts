import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import { availableDatapath } from "../../ovs-lab/switch.js";
import { SERVER, until, WebServer } from "./site.js";

/** On machines without the module, `npm run test:kernel-datapath` runs this in a virtual machine. */
const skip = (await availableDatapath()) === "kernel" ? false : "this kernel has no openvswitch module";

describe("the kernel's datapath", { skip }, () => {
  let lab: Lab;
  let web: WebServer;
  const inSwitch = async (...argv: string[]) => {
    const { status, stdout, stderr } = await lab.exec("a-switch", argv);
    assert.equal(status, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  before(async () => {
    lab = await Lab.up({ name: "e2e-kernel", rate: "100mbit", rtt: "40ms" });
    web = await WebServer.start(lab, "server", SERVER);
  });
  after(async () => {
    await web?.stop();
    await lab?.down();
  });

  it("is what the lab takes where it can be had", async () => {
    assert.equal((await lab.status()).datapath, "kernel");
    assert.equal(await inSwitch("ovs-vsctl", "get", "Bridge", "br0", "datapath_type"), "system");
    assert.match(await inSwitch("ovs-appctl", "dpctl/show"), /^system@ovs-system:/);
  });

  it("steers, by flows that the kernel itself shows", async () => {
    const ports = portNumbers(await inSwitch("ovs-appctl", "dpctl/show"));
    const address = JSON.parse(await inSwitch("ovs-vsctl", "get", "Interface", "tpo0", "mac_in_use"));
    const hash = web.put("blob", 4_000_000);
    const download = async (host: string) => {
      const { status, stdout } = await lab.exec(host, [
        "sh",
        "-c",
        `curl -sS http://${SERVER}/blob | sha256sum`,
      ]);
      assert.equal(status, 0);
      assert.equal(stdout.split(" ")[0], hash);
    };
    // ovs-dpctl asks the kernel over netlink, and nobody else.
    const seen = new Set<string>();
    const steered = (flow: string) =>
      flow.includes(`in_port(${ports["host1"]})`) &&
      flow.includes(`dst=${address}`) &&
      actions(flow).endsWith(`,${ports["tpo0"]}`);
    const direct = (flow: string) =>
      flow.includes(`in_port(${ports["host2"]})`) && actions(flow) === `${ports["router"]}`;
    const watch = until("flows of both connections in the kernel", async () => {
      for (const flow of (await inSwitch("ovs-dpctl", "dump-flows", "system@ovs-system")).split("\n")) {
        if (steered(flow)) seen.add("steered");
        if (direct(flow)) seen.add("direct");
      }
      return seen.size === 2;
    });
    await Promise.all([watch, download("client"), download("a-host2")]);
  });
});

/** From `dpctl/show`: "port 3: host1". */
function portNumbers(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/port (\d+): (\S+)/g)].map(([, number, name]) => [name!, number!]),
  );
}

function actions(flow: string): string {
  return flow.split("actions:")[1] ?? "";
}
