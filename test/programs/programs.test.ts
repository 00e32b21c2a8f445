/** Programs that people use, through both plugins and a WAN with loss; each says itself whether all was well. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { databaseCases, startPostgres, startRedis } from "./database.js";
import { exchangeCases, startFtp, startMail, startWebSocket } from "./exchange.js";
import { Ground } from "./ground.js";
import { repositoryCases, startRepositories } from "./repository.js";
import { shellCases, startShell } from "./shell.js";
import { startWeb, webCases } from "./web.js";

let ground: Ground;
let ssh: string;

before(async () => {
  ground = await Ground.up();
  const starts = [
    startWeb,
    startRepositories,
    startPostgres,
    startRedis,
    startMail,
    startFtp,
    startWebSocket,
  ];
  [ssh] = await Promise.all([startShell(ground), ...starts.map((start) => start(ground))]);
});
after(() => ground?.down());

describe("programs", { concurrency: 4 }, () => {
  databaseCases(() => ground);
  shellCases(
    () => ground,
    () => ssh,
  );
  repositoryCases(
    () => ground,
    () => ssh,
  );
  webCases(() => ground);
  exchangeCases(() => ground);
});

test("all of that was carried, and nothing of it went past us", async () => {
  assert.deepEqual(ground.direct.slice(0, 5), []);
  const [near, far] = await Promise.all([ground.status("a"), ground.status("b")]);
  for (const { connections } of [near, far]) {
    assert.ok(connections.total >= 30, `${connections.total} connections`);
  }
  // Active FTP: the server has opened connections of its own.
  assert.equal(near.connections.total, far.connections.total);
});
