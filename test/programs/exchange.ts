import assert from "node:assert/strict";
import { chownSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, until } from "../end-to-end/site.js";
import { type Ground, SERVER } from "./ground.js";

const WEBSOCKET_PORT = 8081;
const ECHO = `
import { WebSocketServer } from "ws";
new WebSocketServer({ host: "${SERVER}", port: ${WEBSOCKET_PORT} }).on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
  socket.on("close", (code) => console.log("closed", code));
});`;
/** Messages of all sizes, answered in order; prints how many bytes came back, and the status of the close. */
const TALK = `
import { WebSocket } from "ws";
import { randomBytes } from "node:crypto";
const socket = new WebSocket("ws://${SERVER}:${WEBSOCKET_PORT}");
const sizes = [0, 1, 125, 126, 65535, 65536, 300000, ...Array(200).fill(40)];
const sent = sizes.map((size) => randomBytes(size));
let next = 0;
socket.on("open", () => { for (const bytes of sent) socket.send(bytes); socket.ping("there?"); });
socket.on("pong", (data) => console.log(String(data)));
socket.on("message", (data) => {
  if (Buffer.compare(data, sent[next]) !== 0) throw new Error("message " + next + " has come back changed");
  if (++next === sent.length) socket.close(4000);
});
socket.on("close", (code) => console.log(next, code));`;

export async function startWebSocket(ground: Ground): Promise<void> {
  await ground.serve([process.execPath, "--input-type=module", "-e", ECHO], WEBSOCKET_PORT);
}

/** Exim, which takes everything for one mailbox. */
export async function startMail(ground: Ground): Promise<void> {
  const spool = ground.folder("mail/spool");
  const inbox = ground.folder("mail/inbox");
  const [user, group] = (await ground.atServer(["sh", "-c", "id -u nobody; id -g nobody"]))
    .trim()
    .split("\n");
  chownSync(inbox, Number(user), Number(group));
  const configuration = ground.file(
    "mail/exim.conf",
    `primary_hostname = server.example.org
spool_directory = ${spool}
log_file_path = ${ground.folder("mail")}/%s.log
exim_user = root
never_users =
acl_smtp_rcpt = accept
acl_smtp_data = accept
tls_advertise_hosts =
begin acl
accept:
  accept
begin routers
inbox:
  driver = accept
  transport = inbox
begin transports
inbox:
  driver = appendfile
  directory = ${inbox}
  maildir_format
  user = ${user}
  group = ${group}
`,
  );
  await ground.serve(
    ["exim4", "-bdf", "-oX", `[${SERVER}]:25`, "-C", configuration, "-oP", `${spool}/pid`],
    25,
  );
}

/** vsftpd: anybody may read and write. */
export async function startFtp(ground: Ground): Promise<void> {
  const files = ground.folder("ftp");
  const settings = {
    listen: "YES",
    listen_address: SERVER,
    background: "NO",
    run_as_launching_user: "YES",
    anonymous_enable: "YES",
    anon_root: files,
    no_anon_password: "YES",
    allow_writeable_chroot: "YES",
    write_enable: "YES",
    anon_upload_enable: "YES",
    port_enable: "YES",
    connect_from_port_20: "YES",
    pasv_address: SERVER,
    seccomp_sandbox: "NO",
    xferlog_enable: "NO",
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await ground.serve(["vsftpd", ground.file("vsftpd.conf", `${text.join("\n")}\n`)], 21);
}

export function exchangeCases(ground: () => Ground): void {
  test("WebSocket: messages of all sizes come back, and the close's own code", async () => {
    const said = await ground().client([process.execPath, "--input-type=module", "-e", TALK]);
    assert.deepEqual(said.trim().split("\n").sort(), ["207 4000", "there?"]);
  });

  test("SMTP: two messages on one connection, delivered as they were", async () => {
    const lines = (count: number, of: string) => `${`${of} ${"x".repeat(60)}\r\n.\r\n`.repeat(count)}`;
    const bodies = [lines(20_000, "first"), lines(3, "second")];
    const messages = bodies.map((body, i) => ground().file(`message${i}`, `Subject: ${i}\r\n\r\n${body}`));
    const mail = ["--mail-from", "a@example.org", "--mail-rcpt", "b@example.org"];
    const url = `smtp://${SERVER}/client.example.org`;
    const [first, second] = messages.map((path) => ["curl", "-sS", url, ...mail, "-T", path]) as [
      string[],
      string[],
    ];
    await ground().client([...first, "--next", ...second.slice(1)]);
    const inbox = join(ground().directory, "mail/inbox/new");
    await until("both are delivered", () => readdirSync(inbox).length === 2);
    const delivered = readdirSync(inbox).map((name) => readFileSync(join(inbox, name), "utf8"));
    const texts = delivered
      .map((mail) => mail.slice(mail.indexOf("\n\n") + 2))
      .sort((a, b) => b.length - a.length);
    assert.deepEqual(
      texts.map((text) => sha256(Buffer.from(text))),
      bodies.map((body) => sha256(Buffer.from(body.replaceAll("\r\n", "\n")))),
    );
  });

  for (const [form, words] of Object.entries({
    active: ["--ftp-port", "-", "--disable-eprt"],
    passive: [],
  })) {
    test(`FTP, ${form}: down and up, each with its second connection`, async () => {
      const hash = ground().blob(`ftp/down-${form}`, 1_500_000);
      const down = join(ground().directory, `ftp-down-${form}`);
      const curl = ["curl", "-sS", ...words];
      await ground().client([...curl, "-o", down, `ftp://${SERVER}/down-${form}`]);
      assert.equal(sha256(readFileSync(down)), hash);
      await ground().client([...curl, "-T", down, `ftp://${SERVER}/up-${form}`]);
      assert.equal(sha256(readFileSync(join(ground().directory, `ftp/up-${form}`))), hash);
    });
  }
}
