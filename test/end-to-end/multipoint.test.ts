import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../../ovs-lab/index.js";
import { Capture, carried, inUrl, statusOf, until, WebServer } from "./site.js";

const SITES = ["a", "b", "c"] as const;
type SiteName = (typeof SITES)[number];

const numberOf = (site: SiteName) => SITES.indexOf(site) + 1;
const hostOf = (site: SiteName) => [`10.${numberOf(site)}.0.11`, `fd00:${numberOf(site)}::11`] as const;
const lansOf = (site: SiteName) => [`10.${numberOf(site)}.0.0/24`, `fd00:${numberOf(site)}::/64`];

describe("three sites, each the peer of both others", { timeout: 120_000 }, () => {
  let lab: Lab;
  let webs: Record<SiteName, WebServer>;
  const hashes = {} as Record<SiteName, string>;

  before(async () => {
    const table = (site: SiteName) =>
      SITES.filter((other) => other !== site).map((peer) => ({
        ...{ protocol: "tcp", action: "optimize", peer },
        source: lansOf(site),
        destination: lansOf(peer),
      }));
    lab = await Lab.up({
      ...{ name: "e2e-multi", sites: SITES.length, hosts: 1, rate: "100mbit", rtt: "20ms" },
      plugins: Object.fromEntries(SITES.map((site) => [site, { table: table(site) }])),
    });
    const started = SITES.map(
      async (site) => [site, await WebServer.start(lab, `${site}-host1`, ...hostOf(site))] as const,
    );
    webs = Object.fromEntries(await Promise.all(started)) as typeof webs;
    for (const site of SITES) hashes[site] = webs[site].put("blob", 2_000_000);
  });
  after(async () => {
    for (const web of Object.values(webs ?? {})) await web.stop();
    await lab?.down();
  });

  /** Resolves to how many connections the client's plugin has carried for it. */
  async function download(from: SiteName, to: SiteName, address: string): Promise<void> {
    const url = `http://${inUrl(address)}/blob`;
    const { status, stdout, stderr } = await lab.exec(`${from}-host1`, [
      ...["sh", "-c", `curl -sS --max-time 20 '${url}' | sha256sum`],
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout.split(" ")[0], hashes[to], `${from} from ${to}`);
  }

  for (const [family, index] of [
    ["IPv4", 0],
    ["IPv6", 1],
  ] as const) {
    test(`one site's clients reach both others at once over ${family}, and nothing crosses the WAN but the movers'`, async () => {
      const capture = await Capture.start(lab, "a-router", "ip or ip6");
      const before = await Promise.all(SITES.map((site) => carried(lab, site)));
      await Promise.all((["b", "c"] as const).map((to) => download("a", to, hostOf(to)[index])));
      assert.deepEqual(
        await Promise.all(SITES.map((site) => carried(lab, site))),
        [2, 1, 1].map((more, i) => before[i]! + more),
      );
      for (const to of ["b", "c"] as const) {
        const [client, , path] = webs[to].log().at(-1)!.split(" ");
        assert.equal(client!.replace(/:\d+$/, ""), hostOf("a")[index]);
        assert.equal(path, "/blob");
      }
      // Of 1,400 from each; a busy tcpdump misses some.
      const datagrams = (site: number) =>
        capture.packets.filter((line) => line.includes(`IP 10.${site}.0.2.4754 >`)).length;
      await until("they are captured", () => datagrams(2) > 500 && datagrams(3) > 500);
      await capture.stop();
      const mover = /IP (10\.[123]\.0\.2\.4754) > (10\.[123]\.0\.2\.4754): UDP/;
      assert.deepEqual(
        capture.packets.filter((line) => !mover.test(line)),
        [],
      );
    });
  }

  test("each with each, all six ways at once", async () => {
    const ways = SITES.flatMap((from) => SITES.filter((to) => to !== from).map((to) => [from, to] as const));
    const before = await Promise.all(SITES.map((site) => carried(lab, site)));
    await Promise.all(ways.map(([from, to]) => download(from, to, hostOf(to)[0])));
    // Each site has opened two, and accepted two.
    assert.deepEqual(
      await Promise.all(SITES.map((site) => carried(lab, site))),
      before.map((count) => count + 4),
    );
  });

  test("one site lost, the others go on; to that one connections go direct, and through it when it is back", async () => {
    await lab.plugin("c").kill();
    await until("c is not up", async () => (await statusOf(lab, "a")).peers["c"]?.state !== "up");
    await sleep(500); // and the switch has been told
    const before = await carried(lab, "a");
    await download("a", "b", hostOf("b")[0]);
    assert.equal(await carried(lab, "a"), before + 1);
    await download("a", "c", hostOf("c")[0]);
    assert.equal(await carried(lab, "a"), before + 1, "it went direct");
    await lab.plugin("c").start();
    await Promise.all(SITES.map((site) => lab.plugin(site).ready()));
    await download("a", "c", hostOf("c")[0]);
    assert.equal(await carried(lab, "a"), before + 2);
  });
});
