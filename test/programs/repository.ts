import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../end-to-end/site.js";
import { type Ground, SERVER } from "./ground.js";

/** Nobody's own settings. */
const environment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "author",
  GIT_AUTHOR_EMAIL: "author@example.org",
  GIT_COMMITTER_NAME: "author",
  GIT_COMMITTER_EMAIL: "author@example.org",
};

/** A bare repository below `git/`, with some history; and what speaks git's CGI for nginx. */
export async function startRepositories(ground: Ground): Promise<void> {
  const socket = join(ground.folder("web"), "cgi.sock");
  const cgi = ground.lab.spawn("server", ["fcgiwrap", "-s", `unix:${socket}`], {
    stdio: "ignore",
    env: { ...environment, HOME: ground.directory },
  });
  ground.owns(cgi);
  for (const way of ["http", "ssh"]) {
    const bare = join(ground.folder("git"), `${way}.git`);
    const git = (...words: string[]) => ground.atServer(["git", ...words], { env: environment });
    await git("init", "-q", "--bare", "-b", "main", bare);
    await git("-C", bare, "config", "http.receivepack", "true");
    const work = ground.folder(`origin-${way}`);
    await git("init", "-q", "-b", "main", work);
    for (let i = 0; i < 3; i += 1) {
      for (let j = 0; j < 20; j += 1) ground.blob(`origin-${way}/folder${j % 3}/file${j}`, 10_000 * i + j);
      await git("-C", work, "add", ".");
      await git("-C", work, "commit", "-q", "-m", `change ${i}`);
    }
    await git("-C", work, "push", "-q", bare, "main");
  }
  await until("fcgiwrap listens", async () =>
    (await ground.atServer(["ls", ground.folder("web")])).includes("cgi.sock"),
  );
}

export function repositoryCases(ground: () => Ground, ssh: () => string): void {
  const ways = {
    http: () => `http://${SERVER}/git/http.git`,
    ssh: () => `${SERVER}:${ground().directory}/git/ssh.git`,
  };
  for (const [way, url] of Object.entries(ways)) {
    test(`git over ${way}: a clone, and a push`, async () => {
      const env = { ...environment, GIT_SSH_COMMAND: `ssh -F ${ssh()}`, GIT_TERMINAL_PROMPT: "0" };
      const git = (...words: string[]) => ground().client(["git", ...words], { env });
      const clone = join(ground().directory, `clone-${way}`);
      const bare = join(ground().directory, `git/${way}.git`);
      await git("clone", "-q", url(), clone);
      await git("-C", clone, "fsck", "--full", "--strict");
      assert.equal(await git("-C", clone, "rev-parse", "HEAD"), await git("-C", bare, "rev-parse", "main"));
      ground().blob(`clone-${way}/pushed`, 2_000_000);
      await git("-C", clone, "add", ".");
      await git("-C", clone, "commit", "-q", "-m", "pushed");
      await git("-C", clone, "push", "-q", "origin", "main");
      assert.equal(await git("-C", bare, "rev-parse", "main"), await git("-C", clone, "rev-parse", "HEAD"));
      await git("-C", bare, "fsck", "--full", "--strict");
    });
  }
}
