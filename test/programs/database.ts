import assert from "node:assert/strict";
import { chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Ground, SERVER } from "./ground.js";

const VERSIONS = "/usr/lib/postgresql";

function program(name: string): string {
  const version = readdirSync(VERSIONS)
    .sort((a, b) => Number(a) - Number(b))
    .at(-1)!;
  return join(VERSIONS, version, "bin", name);
}

/** PostgreSQL, which does not run as root. */
export async function startPostgres(ground: Ground): Promise<void> {
  const cluster = ground.folder("postgres");
  const [user, group] = (await ground.atServer(["sh", "-c", "id -u postgres; id -g postgres"]))
    .trim()
    .split("\n");
  chownSync(cluster, Number(user), Number(group));
  const unprivileged = ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups", "--"];
  await ground.atServer([
    ...unprivileged,
    program("initdb"),
    "-D",
    cluster,
    "-A",
    "trust",
    "-N",
    "-U",
    "postgres",
  ]);
  ground.file("postgres/pg_hba.conf", "local all all trust\nhost all all 10.0.0.0/8 trust\n");
  const settings = { listen_addresses: SERVER, unix_socket_directories: cluster, fsync: "off" };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  await ground.serve([...unprivileged, program("postgres"), "-D", cluster, ...options], 5432);
}

export async function startRedis(ground: Ground): Promise<void> {
  const options = ["--bind", SERVER, "--protected-mode", "no", "--save", "", "--dir", ground.folder("redis")];
  await ground.serve(["redis-server", ...options], 6379);
}

export function databaseCases(ground: () => Ground): void {
  const connection = ["-h", SERVER, "-U", "postgres"];
  const env = { LC_ALL: "C" };
  const postgres = (name: string, ...words: string[]) =>
    ground().client([program(name), ...connection, ...words], { env });

  test("PostgreSQL: pgbench, then a dump and a restore", async () => {
    await postgres("pgbench", "-i", "-q", "-s", "1", "postgres");
    const report = await postgres("pgbench", "-c", "8", "-j", "2", "-t", "5", "postgres");
    assert.match(report, /number of transactions actually processed: 40\/40/);
    assert.match(report, /number of failed transactions: 0 /);

    const dump = join(ground().directory, "dump");
    await postgres("pg_dump", "-Fc", "-f", dump, "postgres");
    await postgres("createdb", "restored");
    await postgres("pg_restore", "-d", "restored", "--exit-on-error", dump);
    const tables = ["pgbench_accounts", "pgbench_branches", "pgbench_tellers", "pgbench_history"];
    const sums = tables.map((table) => `select count(*), sum(hashtextextended(t::text, 0)) from ${table} t;`);
    const [original, restored] = await Promise.all(
      ["postgres", "restored"].map((name) => postgres("psql", "-qAt", "-c", sums.join(" "), name)),
    );
    assert.match(original!, /^100000\|/);
    assert.equal(restored, original);
  });

  test("redis: twenty thousand commands in a pipeline, and their answers", async () => {
    const keys = 10_000;
    const value = (i: number) => `${i}`.repeat(1 + (i % 20));
    const sets = Array.from({ length: keys }, (_, i) => `SET key${i} ${value(i)}\r\n`).join("");
    const gets = Array.from({ length: keys }, (_, i) => `GET key${i}\r\n`).join("");
    const said = await ground().client(["redis-cli", "-h", SERVER, "--pipe"], { input: sets });
    assert.match(said, new RegExp(`errors: 0, replies: ${keys}\\n`));
    const echoed = await ground().client(["nc", SERVER, "6379"], { input: `${gets}QUIT\r\n` });
    const answers = Array.from({ length: keys }, (_, i) => `$${value(i).length}\r\n${value(i)}\r\n`);
    const expected = `${answers.join("")}+OK\r\n`;
    assert.ok(echoed === expected, `${echoed.length} bytes of answers, ${expected.length} expected`);
  });
}
