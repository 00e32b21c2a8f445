import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, until } from "../end-to-end/site.js";
import { type Ground, SERVER } from "./ground.js";

/** Where sshd keeps its unprivileged half, whatever its configuration says. */
const PRIVILEGE_SEPARATION = "/run/sshd";

/** Returns the ssh client's configuration file. */
export async function startShell(ground: Ground): Promise<string> {
  const folder = ground.folder("ssh");
  for (const name of ["host", "user"]) {
    await ground.client(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
  }
  const publicKey = readFileSync(join(folder, "user.pub"), "utf8");
  ground.file("ssh/authorized", publicKey, 0o600);
  ground.file("ssh/known", `${SERVER} ${readFileSync(join(folder, "host.pub"), "utf8")}`);
  const server = [
    `ListenAddress ${SERVER}`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
    `PidFile ${folder}/pid`,
    "PermitRootLogin yes",
    "StrictModes no",
    "UsePAM no",
    "Subsystem sftp internal-sftp",
  ];
  const client = [
    "User root",
    `IdentityFile ${folder}/user`,
    `UserKnownHostsFile ${folder}/known`,
    "StrictHostKeyChecking yes",
    "BatchMode yes",
  ];
  mkdirSync(PRIVILEGE_SEPARATION, { recursive: true });
  await ground.serve(["/usr/sbin/sshd", "-D", "-e", "-f", ground.file("ssh/server", server.join("\n"))], 22);
  return ground.file("ssh/client", client.join("\n"));
}

/** A terminal at the far end: what it shows, and what is typed. */
class Terminal {
  readonly #process: ChildProcess;
  #shown = "";

  constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout?.on("data", (text) => {
      this.#shown += text;
    });
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  async shows(text: string): Promise<void> {
    await until(`the terminal shows ${JSON.stringify(text)}`, () => this.#shown.includes(text)).catch(
      (error) => {
        throw new Error(`${error.message}, but ${JSON.stringify(this.#shown)}`);
      },
    );
  }
}

export function shellCases(ground: () => Ground, configuration: () => string): void {
  test("ssh: a session at a terminal, each keystroke echoed before the next", async () => {
    const command = ["ssh", "-F", configuration(), "-tt", SERVER, "stty cols 91; exec /bin/sh"];
    const process = ground().lab.spawn("client", command, {
      stdio: ["pipe", "pipe", "ignore"],
      env: { TERM: "dumb" },
    });
    const terminal = new Terminal(process);
    try {
      // In two pieces, so that what is shown is the prompt and not the echo of this.
      terminal.type("PS1='rea''dy> '\n");
      await terminal.shows("ready> ");
      let line = "ready> ";
      for (const key of "echo keystroke $((6*7))") {
        line += key;
        terminal.type(key);
        await terminal.shows(line);
      }
      terminal.type("\n");
      await terminal.shows("\nkeystroke 42\r\n");
      terminal.type("stty size\n");
      await terminal.shows(" 91\r\n");
      terminal.type("sleep 1000\n");
      await terminal.shows("sleep 1000\r\n");
      terminal.type("\x03");
      terminal.type("exit 7\n");
      const [status] = await once(process, "exit");
      assert.equal(status, 7);
    } finally {
      process.kill("SIGKILL");
    }
  });

  test("scp: there and back", async () => {
    const hash = ground().blob("copy", 3_000_000);
    const from = join(ground().directory, "copy");
    const scp = ["scp", "-q", "-F", configuration()];
    await ground().client([...scp, from, `${SERVER}:${from}.there`]);
    assert.equal(sha256(readFileSync(`${from}.there`)), hash);
    await ground().client([...scp, `${SERVER}:${from}.there`, `${from}.back`]);
    assert.equal(sha256(readFileSync(`${from}.back`)), hash);
  });

  test("rsync over ssh: a tree, then what has changed of it", async () => {
    for (let i = 0; i < 120; i += 1) ground().blob(`tree/${i % 7}/file${i}`, 1 + i * 500);
    const tree = join(ground().directory, "tree/");
    const copy = join(ground().directory, "tree-copy");
    const rsync = ["rsync", "-a", "--delete", "-e", `ssh -F ${configuration()}`];
    await ground().client([...rsync, tree, `${SERVER}:${copy}`]);
    await ground().atServer(["diff", "-r", tree, copy]);
    const large = readFileSync(join(tree, "0/file119"));
    ground().file("tree/0/file119", Buffer.concat([large.subarray(0, 30_000), Buffer.from("new"), large]));
    await ground().atServer(["rm", join(tree, "3/file3")]);
    const said = await ground().client([...rsync, "-i", tree, `${SERVER}:${copy}`]);
    assert.match(said, /\*deleting +3\/file3\n/);
    await ground().atServer(["diff", "-r", tree, copy]);
    assert.ok(!existsSync(join(copy, "3/file3")));
  });
}
