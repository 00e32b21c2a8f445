import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { inUrl, SERVER, statusOf, type WebServer } from "./site.js";

const run = promisify(execFile);

/** A lab whose site a has more than the one network: 10.1.N.0/24 and fd00:1:N::/64 for each number N. */
export class WideLab {
  readonly lab: Lab;
  readonly #prefix: string;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.#prefix = `ovs-lab.${lab.name}.`;
  }

  static async up(name: string, hosts: number): Promise<WideLab> {
    return new WideLab(await Lab.up({ name, hosts, rate: "100mbit", rtt: "20ms", plugin: false }));
  }

  async on(node: string, ...commands: string[]): Promise<string> {
    let text = "";
    for (const command of commands) {
      const { status, stdout, stderr } = await this.lab.exec(node, command.split(" "));
      assert.equal(status, 0, `${command}: ${stderr}`);
      text += stdout;
    }
    return text;
  }

  vsctl(...words: string[]): Promise<string> {
    return this.on(
      "a-switch",
      ["ovs-vsctl", `--db=unix:${this.lab.directory}/a/db.sock`, ...words].join(" "),
    );
  }

  namespace(node: string): string {
    return `${this.#prefix}${node}`;
  }

  /** A link from the switch's host to the site's router, which is the gateway of that network and makes it known. */
  async addNetwork(number: number): Promise<string> {
    const device = `to-${number}`;
    await this.on(
      "a-switch",
      `ip link add ${device} type veth peer name ${device} netns ${this.namespace("a-router")}`,
      `ip link set ${device} up`,
    );
    await this.on(
      "a-router",
      `ip address add 10.1.${number}.1/24 dev ${device}`,
      `ip address add fd00:1:${number}::1/64 dev ${device} nodad`,
      `ip link set ${device} up`,
    );
    await this.announce(number);
    return device;
  }

  /** The far site finds its way to that network. */
  async announce(number: number): Promise<void> {
    await this.on(
      "b-router",
      `ip route add 10.1.${number}.0/24 via 192.0.2.1`,
      `ip route add fd00:1:${number}::/64 via fd00:ff::1`,
    );
  }

  /** The same as a port of a bridge. */
  async addLan(number: number, bridge: string, ...options: string[]): Promise<void> {
    await this.vsctl("add-port", bridge, await this.addNetwork(number), ...options);
  }

  /** Gives a host addresses of another LAN. */
  async move(host: string, number: number, last: number): Promise<void> {
    await this.on(
      host,
      "ip address flush dev eth0 scope global",
      `ip address add 10.1.${number}.${last}/24 dev eth0`,
      `ip address add fd00:1:${number}::${last}/64 dev eth0 nodad`,
      `ip route replace default via 10.1.${number}.1 advmss 1458`,
      `ip -6 route replace default via fd00:1:${number}::1 advmss 1438`,
    );
  }

  configure(site: string, change: (configuration: Record<string, unknown>) => Record<string, unknown>): void {
    const file = `${this.lab.directory}/${site}/ovs-tpo.yaml`;
    writeFileSync(file, stringify(change(parse(readFileSync(file, "utf8")))));
  }

  async attach(): Promise<void> {
    await Promise.all(["a", "b"].map((site) => this.lab.plugin(site).start()));
    await Promise.all(["a", "b"].map((site) => this.lab.plugin(site).ready()));
  }

  async status(site = "a"): Promise<Status> {
    return await statusOf(this.lab, site);
  }

  /** Downloads a file in a namespace, through the plugins, and sees to it that the server knows its client. */
  async download(from: string, client: string, web: WebServer, server = SERVER): Promise<void> {
    const hash = web.put("blob", 1_000_000);
    const before = (await this.status()).connections.total;
    const port = 40_000 + Math.floor(Math.random() * 20_000);
    const url = `http://${inUrl(server)}/blob`;
    const curl = ["curl", "-sS", "--max-time", "20", "--local-port", `${port}`, "-o", "-", `'${url}'`];
    const words = `ip netns exec ${this.namespace(from)} ${curl.join(" ")} | sha256sum`;
    const { stdout } = await run("sh", ["-c", words]);
    assert.equal(stdout.split(" ")[0], hash);
    assert.equal(web.log().at(-1), `${client}:${port} ${server}:80 /blob 200`);
    assert.equal((await this.status()).connections.total, before + 1, "it went through the plugin");
  }
}
