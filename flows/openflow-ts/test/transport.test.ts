import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { Connection, DisconnectedError, Listener, type Session } from "openflow-ts";
import { type Switch, startSwitch } from "./ovs.js";

const run = promisify(execFile);

let ovs: Switch;
let directory: string;
let key: Buffer;
let certificate: Buffer;

before(async () => {
  ovs = await startSwitch();
  directory = await mkdtemp(join(tmpdir(), "openflow-ts-tls-"));
  const files = ["-keyout", join(directory, "key.pem"), "-out", join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=switch", "-addext", "subjectAltName=IP:127.0.0.1"];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject, ...files]);
  key = await readFile(join(directory, "key.pem"));
  certificate = await readFile(join(directory, "cert.pem"));
});
after(async () => {
  await ovs.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Joins a connection to the switch's own socket. */
function toSwitch(stream: Duplex): void {
  const socket = connect({ path: ovs.address.replace("unix:", "") });
  stream.pipe(socket).pipe(stream);
  stream.on("error", () => socket.destroy());
  socket.on("error", () => stream.destroy());
}

const port = (server: Server) => (server.address() as AddressInfo).port;

/** A place where the switch is reached by TCP or TLS, while `body` runs. */
async function served(server: Server, body: (port: number) => Promise<void>): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await body(port(server));
  } finally {
    server.close();
  }
}

test("a switch is spoken to over TCP", () =>
  served(createServer(toSwitch), async (at) => {
    const connection = new Connection({ address: `tcp:127.0.0.1:${at}` });
    await connection.open();
    await connection.barrier();
    connection.close();
  }));

test("a switch is spoken to over TLS, each side knowing the other", () => {
  const mutual = { key, cert: certificate, ca: certificate };
  const server = createTlsServer({ ...mutual, requestCert: true, rejectUnauthorized: true }, toSwitch);
  return served(server, async (at) => {
    const connection = new Connection({ address: `ssl:127.0.0.1:${at}`, tls: mutual });
    await connection.open();
    await connection.barrier();
    connection.close();
  });
});

test("a peer whose certificate is not trusted does not get that far", () =>
  served(createTlsServer({ key, cert: certificate }, toSwitch), async (at) => {
    const connection = new Connection({ address: `ssl:127.0.0.1:${at}` });
    const retry = once(connection, "retry");
    const opened = assert.rejects(connection.open(), DisconnectedError);
    const [error] = (await retry) as [NodeJS.ErrnoException];
    assert.match(error.code ?? "", /CERT|SIGNED/);
    connection.close();
    await opened;
  }));

for (const [name, address, tls] of [
  ["TCP", "ptcp:0:127.0.0.1", false],
  ["TLS", "pssl:0:127.0.0.1", true],
] as const) {
  test(`a switch connects to us over ${name}`, async () => {
    const listener = await Listener.listen({ address, ...(tls && { tls: { key, cert: certificate } }) });
    const came = once(listener, "session");
    const at = { host: "127.0.0.1", port: listener.port! };
    toSwitch(tls ? connectTls({ ...at, ca: certificate }) : connect(at));
    const [session] = (await came) as [Session];
    await session.barrier();
    assert.equal(listener.sessions.size, 1);
    await listener.close();
    assert.ok((await session.closed) instanceof DisconnectedError);
  });
}
