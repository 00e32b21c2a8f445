import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Database, type TlsOptions } from "../src/index.js";
import { freePort, Server, TEST_SCHEMA } from "./server.js";

/** A certificate authority, as `ovs-pki` makes one, with a certificate for each name. */
function makeKeys(directory: string, names: readonly string[]): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
  );
  for (const name of names) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      `${name}.pem`,
      "-days",
      "2",
    );
  }
}

describe("ssl", () => {
  let ours: string;
  let theirs: string;
  let server: Server;
  let port: number;

  const keys = (directory: string): TlsOptions => ({
    ca: readFileSync(join(directory, "ca.pem")),
    cert: readFileSync(join(directory, "client.pem")),
    key: readFileSync(join(directory, "client.key")),
  });

  before(async () => {
    [ours, theirs] = ["ours", "theirs"].map((name) =>
      mkdtempSync(join(tmpdir(), `ovsdb-client-test-${name}-`)),
    ) as [string, string];
    makeKeys(ours, ["server", "client"]);
    makeKeys(theirs, ["client"]);
    port = await freePort();
    server = await Server.start(
      [TEST_SCHEMA],
      [
        `--remote=pssl:${port}:127.0.0.1`,
        `--private-key=${join(ours, "server.key")}`,
        `--certificate=${join(ours, "server.pem")}`,
        `--ca-cert=${join(ours, "ca.pem")}`,
      ],
    );
  });

  after(async () => {
    await server.remove();
    for (const directory of [ours, theirs]) rmSync(directory, { recursive: true, force: true });
  });

  async function connect(tls: TlsOptions): Promise<void> {
    const db = new Database({
      remotes: `ssl:127.0.0.1:${port}`,
      database: "Test",
      tables: { Node: "all" },
      tls,
    });
    try {
      db.start();
      await db.ready({ timeout: 1000 });
    } finally {
      db.stop();
    }
  }

  test("with keys of the same authority both sides are content", () => connect(keys(ours)));

  test("the server's name counts where one is asked for", async () => {
    await connect({ ...keys(ours), serverName: "server" });
    await assert.rejects(connect({ ...keys(ours), serverName: "other" }), /does not match|altnames/i);
  });

  test("a server of another authority is refused", async () => {
    await assert.rejects(
      connect({ ...keys(ours), ca: keys(theirs).ca }),
      /unable to verify|self.signed|certificate/i,
    );
  });

  test("a client of another authority is refused by the server", async () => {
    await assert.rejects(connect({ ...keys(theirs), ca: keys(ours).ca }), { code: "DEADLINE" });
  });

  test("keys that are missing, or of no use, are refused at once", () => {
    const options = { remotes: "ssl:127.0.0.1:1", database: "Test", tables: {} };
    assert.throws(() => new Database(options), /there are no keys/);
    assert.throws(
      () => new Database({ ...options, tls: { ca: "nonsense", cert: "x", key: "y" } }),
      /cannot be used/,
    );
  });
});
