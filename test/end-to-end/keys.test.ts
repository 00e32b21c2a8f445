import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse, stringify } from "yaml";
import { formatKey, KeyPair, readKeyFile } from "../../driver/security/index.js";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { statusOf, until } from "./site.js";

const sites = ["a", "b"] as const;
type Site = (typeof sites)[number];

interface Configuration {
  readonly mover: Record<string, unknown>;
  readonly peers: Readonly<Record<string, Record<string, unknown>>>;
}

let lab: Lab;
/** The configurations as the lab made them. */
let good: Record<Site, Configuration>;

before(async () => {
  lab = await Lab.up({ name: "e2e-keys", rate: "40mbit", rtt: "10ms", hosts: 1, plugin: false });
  good = { a: parse(readFileSync(file("a"), "utf8")), b: parse(readFileSync(file("b"), "utf8")) };
});
after(() => lab?.down());

const file = (site: Site): string => `${lab.directory}/${site}/ovs-tpo.yaml`;
const log = (site: Site): string => readFileSync(`${lab.directory}/${site}/ovs-tpo.log`, "utf8");
const publicKey = (site: Site): string =>
  formatKey(readKeyFile(`${lab.directory}/${site}/ovs-tpo.key`).publicKey);

async function restart(configurations: Record<Site, Configuration>): Promise<void> {
  for (const site of sites) writeFileSync(file(site), stringify(configurations[site]));
  await Promise.all(sites.map((site) => lab.plugin(site).restart()));
}

/** What a site says of the other. */
async function peerOf(site: Site): Promise<Status["peers"][string]> {
  const status = await statusOf(lab, site);
  return status.peers[site === "a" ? "b" : "a"]!;
}

async function become(state: string): Promise<void> {
  for (const site of sites)
    await until(`site ${site} is ${state}`, async () => (await peerOf(site))?.state === state);
}

test("sites that know each other's keys are up, and encrypt", async () => {
  await restart(good);
  await become("up");
  for (const site of sites) assert.equal((await peerOf(site)).encryption, "aes-256-gcm");
});

test("a site that knows another key of its peer's is up with nobody, and both say why", async () => {
  const other = formatKey(KeyPair.generate().publicKey);
  const peers = { a: { ...good.b.peers["a"], public_key: other } };
  await restart({ a: good.a, b: { ...good.b, peers } });
  await become("key-mismatch");
  assert.match((await peerOf("a")).reason, /has another public key for this site/);
  assert.ok((await peerOf("b")).reason.includes(`has the public key ${publicKey("a")}; if that is`));
});

test("a site that does not encrypt is up with none that does, and both say why", async () => {
  const mover = { ...good.b.mover, encryption: "off" };
  await restart({ a: good.a, b: { ...good.b, mover } });
  await become("encryption-mismatch");
  assert.match((await peerOf("a")).reason, /it does not encrypt, and this site does/);
  assert.match((await peerOf("b")).reason, /it encrypts, and this site does not/);
});

test("sites that are told so do without, and warn of it", async () => {
  const off = ({ mover, ...rest }: Configuration) => ({ ...rest, mover: { ...mover, encryption: "off" } });
  await restart({ a: off(good.a), b: off(good.b) });
  await become("up");
  for (const site of sites) {
    assert.equal((await peerOf(site)).encryption, "off");
    assert.match(log(site), /mover\.encryption is off: whoever is on the way/);
  }
});
