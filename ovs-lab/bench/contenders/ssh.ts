import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { isInstalled, must } from "../../command.js";
import type { Lab } from "../../lab.js";
import { type Contender, hostPair } from "../contender.js";
import { BenchError } from "../error.js";
import { Service } from "../service.js";
import { prepareRouters } from "./routers.js";

const SSHD = "/usr/sbin/sshd";
const SSHD_PORT = 2222;
/** Where sshd's unprivileged half lives (sshd(8), FILES). */
const PRIVILEGE_SEPARATION = "/run/sshd";

/** A forwarded port between the sites' routers, over one TCP connection with bbr. */
export class SshTunnel implements Contender {
  readonly name = "ssh";
  readonly description =
    "OpenSSH port forwarding between the sites' routers, aes128-gcm, no compression, bbr over the WAN";
  readonly client = hostPair(5).client;
  readonly server = hostPair(5).server;
  readonly address = "10.1.0.1";
  readonly port = 2200;
  #services: Readonly<Record<string, Service>> = {};

  get processes() {
    return Object.fromEntries(Object.entries(this.#services).map(([name, { child }]) => [name, child]));
  }

  async start(lab: Lab): Promise<void> {
    if (!isInstalled("sshd"))
      throw new BenchError("NOT_INSTALLED", "sshd is not installed; `npm run bench` installs it");
    const [a, b] = lab.topology.sites;
    await prepareRouters(lab);
    const directory = `${lab.directory}/ssh`;
    await makeKeys(directory);
    const started: Record<string, Service> = {};
    this.#services = started;
    started["sshd"] = await Service.start({
      lab,
      node: b!.router.name,
      argv: [SSHD, "-D", "-e", "-f", `${directory}/sshd_config`],
      listensOn: SSHD_PORT,
    });
    const target = hostPair(5);
    const options = {
      StrictHostKeyChecking: "no",
      UserKnownHostsFile: "/dev/null",
      BatchMode: "yes",
      ExitOnForwardFailure: "yes",
      Compression: "no",
      Ciphers: "aes128-gcm@openssh.com",
      LogLevel: "ERROR",
    };
    started["ssh"] = await Service.start({
      lab,
      node: a!.router.name,
      argv: [
        ...["ssh", "-F", "none", "-N", "-i", `${directory}/client`, "-p", `${SSHD_PORT}`],
        ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
        ...["-L", `${this.address}:${this.port}:${target.address}:${target.port}`],
        `root@${b!.router.wan.ipv4}`,
      ],
      listensOn: this.port,
    });
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#services).map((service) => service.stop()));
    this.#services = {};
  }
}

async function makeKeys(directory: string): Promise<void> {
  mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  if (existsSync(directory)) return;
  mkdirSync(directory, { mode: 0o700 });
  for (const key of ["host", "client"]) {
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${directory}/${key}`]);
  }
  writeFileSync(
    `${directory}/sshd_config`,
    [
      `Port ${SSHD_PORT}`,
      `HostKey ${directory}/host`,
      `AuthorizedKeysFile ${directory}/client.pub`,
      "StrictModes no",
      "PermitRootLogin prohibit-password",
      "UsePAM no",
      "PidFile none",
      "",
    ].join("\n"),
  );
}
