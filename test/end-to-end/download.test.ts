import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import { Capture, listening, SERVER, script, sha256, until, WebServer } from "./site.js";

let lab: Lab;
let web: WebServer;
const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-download-"));

before(async () => {
  lab = await Lab.up({ name: "e2e-down", rate: "100mbit", rtt: "40ms", loss: "1%" });
  web = await WebServer.start(lab, "server", SERVER);
});
after(async () => {
  await web?.stop();
  await lab?.down();
  rmSync(directory, { recursive: true });
});

test("a download is byte-identical, from the client's own address, and nothing of it crosses the WAN but the mover's UDP", async () => {
  const hash = web.put("blob", 8_000_000);
  const capture = await Capture.start(lab, "b-router", "ip");
  const file = join(directory, "blob");
  const curl = await lab.exec("client", [
    "curl",
    "-sS",
    "--local-port",
    "40123",
    "-o",
    file,
    "-w",
    "%{http_code}",
    `http://${SERVER}/blob`,
  ]);
  assert.deepEqual(curl, { status: 0, stdout: "200", stderr: "" });
  assert.equal(sha256(readFileSync(file)), hash);
  assert.match(web.log().at(-1) ?? "", new RegExp(`^10\\.1\\.0\\.11:40123 ${SERVER}:80 /blob 200$`));

  // Of 5,500; a busy tcpdump is late.
  await until("its segments are captured", () => capture.packets.length > 4000);
  await capture.stop();
  const { packets } = capture;
  const others = packets.filter((line) => !/10\.[12]\.0\.2\.4754 > 10\.[12]\.0\.2\.4754: UDP/.test(line));
  assert.deepEqual(others.slice(0, 5), []);
});

test("hosts outside the table are forwarded as before, by the same switches and WAN", async () => {
  const control = await WebServer.start(lab, "b-host2", "10.2.0.12");
  try {
    const hash = control.put("blob", 500_000);
    const capture = await Capture.start(lab, "b-router", "tcp port 80");
    const file = join(directory, "direct");
    const { status } = await lab.exec("a-host2", ["curl", "-sS", "-o", file, "http://10.2.0.12/blob"]);
    assert.equal(status, 0);
    assert.equal(sha256(readFileSync(file)), hash);
    await until("packets of the connection on the WAN", () =>
      capture.packets.some((line) => /10\.1\.0\.12\.\d+ > 10\.2\.0\.12\.80/.test(line)),
    );
    await capture.stop();
  } finally {
    await control.stop();
  }
});

test("a hundred connections at once, each byte-identical", async () => {
  const hashes = Array.from({ length: 100 }, (_, number) => web.put(`part${number}`, 100_000 + number));
  const urls = hashes.flatMap((_, number) => [
    "-o",
    join(directory, `part${number}`),
    `http://${SERVER}/part${number}`,
  ]);
  const { status, stderr } = await lab.exec(
    "client",
    ["curl", "-sS", "--parallel", "--parallel-immediate", "--parallel-max", "100", ...urls],
    { timeout: 60_000 },
  );
  assert.equal(status, 0, stderr);
  for (const [number, hash] of hashes.entries()) {
    assert.equal(
      createHash("sha256")
        .update(readFileSync(join(directory, `part${number}`)))
        .digest("hex"),
      hash,
    );
  }
});

test("a client that ends its sending hears the answer (nc -N)", async () => {
  const server = script(
    lab,
    "server",
    `net.createServer({ allowHalfOpen: true }, (s) => {
      let heard = "";
      s.on("data", (d) => { heard += d; });
      s.on("end", () => setTimeout(() => { s.end("you said " + heard); process.exitCode = 0; }, 200));
      s.on("close", () => process.exit());
    }).listen(9000);`,
  );
  await listening(lab, "server", 9000);
  const { stdout } = await lab.exec("client", ["nc", "-N", SERVER, "9000"], {
    input: "question\n",
    timeout: 20_000,
  });
  assert.equal(stdout, "you said question\n");
  assert.equal((await server).status, 0);
});

test("a server that ends its sending still hears the client", async () => {
  const server = script(
    lab,
    "server",
    `net.createServer({ allowHalfOpen: true }, (s) => {
      s.end("greeting");
      s.on("data", (d) => process.stdout.write(d));
      s.on("close", () => process.exit());
    }).listen(9001);`,
  );
  await listening(lab, "server", 9001);
  const client = await script(
    lab,
    "client",
    `const s = net.connect({ port: 9001, host: "${SERVER}", allowHalfOpen: true });
    s.on("data", (d) => process.stdout.write(d));
    s.on("end", () => setTimeout(() => s.end("after the end"), 200));`,
  );
  assert.equal(client.stdout, "greeting");
  assert.equal((await server).stdout, "after the end");
});

test("a refused port gives the client a reset", async () => {
  const client = await script(
    lab,
    "client",
    `net.connect(9999, "${SERVER}").on("error", (e) => console.log(e.code)).on("data", () => {});`,
  );
  assert.equal(client.stdout.trim(), "ECONNRESET");
});

test("an upload arrives whole, and the server's reset reaches the client", async () => {
  const server = script(
    lab,
    "server",
    `let length = 0;
    net.createServer((s) => {
      s.on("data", (d) => { length += d.length; if (length === 3000000) s.resetAndDestroy(); });
      s.on("close", () => { console.log(length); process.exit(); });
    }).listen(9002);`,
  );
  await listening(lab, "server", 9002);
  const client = await script(
    lab,
    "client",
    `net.connect(9002, "${SERVER}").on("error", (e) => console.log(e.code)).write(Buffer.alloc(3000000, 1));`,
  );
  assert.equal(client.stdout.trim(), "ECONNRESET");
  assert.equal((await server).stdout.trim(), "3000000");
});
