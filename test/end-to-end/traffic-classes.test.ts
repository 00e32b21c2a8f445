import assert from "node:assert/strict";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { Capture, listening, statusOf, until } from "./site.js";

const families = ["ipv4", "ipv6"] as const;
type Family = (typeof families)[number];
const sites = ["a", "b"] as const;
type Site = (typeof sites)[number];

/** First ports of servers; a family's is one more than the other's. */
const PORTS = { early: 7000, confirmed: 7100, fixed: 7200, tuned: 7300 } as const;
type Kind = keyof typeof PORTS;

const CLIENT_DSCP = 46;
const SERVER_DSCP = 34;
const FIXED_DSCP = 8;

const numberOf = (site: Site) => (site === "a" ? 1 : 2);
const otherOf = (site: Site): Site => (site === "a" ? "b" : "a");
const host = (site: Site) => `${site}-host1`;
const addressOf = (site: Site, family: Family) =>
  family === "ipv4" ? `10.${numberOf(site)}.0.11` : `fd00:${numberOf(site)}::11`;
const portOf = (kind: Kind, family: Family) => PORTS[kind] + families.indexOf(family);

const entriesOf = (site: Site) => {
  const networks = (number: number) => [`10.${number}.0.0/24`, `fd00:${number}::/64`];
  const entry = {
    protocol: "tcp",
    source: networks(numberOf(site)),
    destination: networks(numberOf(otherOf(site))),
    action: "optimize",
    peer: otherOf(site),
  };
  const ports = (kind: Kind) => ({ destination_port: `${PORTS[kind]}-${PORTS[kind] + 1}` });
  return [
    { ...entry, ...ports("confirmed"), accept: "confirmed" },
    { ...entry, ...ports("fixed"), class: "fixed" },
    { ...entry, ...ports("tuned"), class: "tuned" },
    entry,
  ];
};

const classes = {
  fixed: { dscp: "cs1" },
  tuned: { congestion_control: "reno", keepalive: "1s", user_timeout: "3s", idle_timeout: "720h" },
};

/** Packets of a family with that DSCP, or with another. */
function marked(family: Family, dscp: number, comparison: "=" | "!="): string {
  return family === "ipv4"
    ? `ip[1] & 0xfc ${comparison} ${dscp << 2}`
    : `ip6[0:2] & 0x0fc0 ${comparison} ${dscp << 6}`;
}

/** Segments with data. */
const DATA = { ipv4: "tcp[tcpflags] & tcp-push != 0", ipv6: "ip6[53] & 8 != 0" } as const;

const preamble = (family: Family) => `
import socket, sys, time
s = socket.socket(socket.AF_INET${family === "ipv4" ? "" : "6"}, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.settimeout(20)
def mark(dscp): s.setsockopt(${family === "ipv4" ? "socket.IPPROTO_IP, socket.IP_TOS" : "socket.IPPROTO_IPV6, socket.IPV6_TCLASS"}, dscp << 2)
`;

/** Echoes lines, for ever. */
const serverProgram = (family: Family, address: string, port: number) => `${preamble(family)}
import threading
mark(${SERVER_DSCP})
s.bind(("${address}", ${port}))
s.listen(64)
s.settimeout(None)
def serve(c):
  try:
    while data := c.recv(4096): c.sendall(data)
    c.close()
  except OSError as error: print("server sees", type(error).__name__, flush=True)
while True: threading.Thread(target=serve, args=(s.accept()[0],)).start()
`;

/** Says a few lines, each answered, and ends in order. */
const clientProgram = (family: Family, address: string, port: number) => `${preamble(family)}
mark(${CLIENT_DSCP})
s.connect(("${address}", ${port}))
for i in range(5):
  s.sendall(b"x" * 2000)
  heard = 0
  while heard < 2000: heard += len(s.recv(4096))
  time.sleep(0.05)
s.close()
print("done")
`;

/** Waits for the server to say something, which it does not. */
const waitingProgram = (family: Family, address: string, port: number) => `${preamble(family)}
s.connect(("${address}", ${port}))
s.sendall(b"hello")
s.recv(4096)
print("talks", flush=True)
try: print("client hears", s.recv(4096))
except OSError as error: print("client sees", type(error).__name__)
`;

describe("traffic classes", { timeout: 240_000 }, () => {
  let lab: Lab;
  /** By site and port. */
  const servers = new Map<string, ChildProcess>();

  before(async () => {
    lab = await Lab.up({
      name: "e2e-classes",
      rate: "100mbit",
      rtt: "20ms",
      plugins: {
        a: { form: "transparent", classes, table: entriesOf("a") },
        b: { form: "rewrite", classes, table: entriesOf("b") },
      },
    });
    for (const site of sites) {
      for (const family of families) {
        for (const kind of Object.keys(PORTS) as Kind[]) {
          const port = portOf(kind, family);
          const program = serverProgram(family, addressOf(site, family), port);
          const stdio: StdioOptions = ["ignore", "pipe", "inherit"];
          servers.set(`${site} ${port}`, lab.spawn(host(site), ["python3", "-c", program], { stdio }));
          await listening(lab, host(site), port);
        }
      }
    }
  });
  after(async () => {
    for (const server of servers.values()) server.kill();
    await lab?.down();
  });

  async function connections(site: Site): Promise<Status["connections"]> {
    return (await statusOf(lab, site)).connections;
  }

  /** What the far LAN sees of the client's packets, and the near one of the server's: those marked so, and the others. */
  async function observed(from: Site, family: Family, kind: Kind, dscp: { client: number; server: number }) {
    const to = otherOf(from);
    const port = portOf(kind, family);
    const destination = addressOf(to, family);
    const filters = [
      [host(to), `dst host ${destination} and tcp dst port ${port}`, dscp.client],
      [host(from), `src host ${destination} and tcp src port ${port} and ${DATA[family]}`, dscp.server],
    ] as const;
    const captures = await Promise.all(
      filters.flatMap(([node, filter, wanted]) =>
        (["=", "!="] as const).map((comparison) =>
          Capture.start(lab, node, `${filter} and ${marked(family, wanted, comparison)}`, "eth0"),
        ),
      ),
    );
    const before = (await connections(from)).total;
    const { stdout, stderr } = await lab.exec(host(from), [
      "python3",
      "-c",
      clientProgram(family, destination, port),
    ]);
    assert.equal(stdout.trim(), "done", stderr);
    assert.equal((await connections(from)).total, before + 1, "it went through the plugin");
    await until(
      "packets both ways",
      () => captures[0]!.packets.length >= 8 && captures[2]!.packets.length >= 5,
    );
    for (const capture of captures) await capture.stop();
    return captures.map(({ packets }) => packets);
  }

  for (const from of sites) {
    const forms = from === "a" ? "transparent, far rewrite" : "rewrite, far transparent";
    for (const family of families) {
      for (const kind of ["early", "confirmed"] as const)
        test(`${family}, near ${forms}, ${kind}: each side sees the other's DSCP`, async () => {
          const [, client, , server] = await observed(from, family, kind, {
            client: CLIENT_DSCP,
            server: SERVER_DSCP,
          });
          assert.deepEqual(client, [], "from the client's SYN on");
          assert.deepEqual(server, []);
        });
      test(`${family}, near ${forms}: a class's DSCP is seen at both`, async () => {
        const [, client, , server] = await observed(from, family, "fixed", {
          client: FIXED_DSCP,
          server: FIXED_DSCP,
        });
        assert.deepEqual([client, server], [[], []]);
      });
    }
  }

  test("the sockets towards both applications have the class's congestion control", async () => {
    const port = portOf("tuned", "ipv4");
    const client = lab.spawn(
      "client",
      ["python3", "-c", waitingProgram("ipv4", addressOf("b", "ipv4"), port)],
      {
        stdio: "ignore",
      },
    );
    for (const site of sites) {
      await until(`the edge's socket at ${site}`, async () => {
        const { stdout } = await lab.exec(`${site}-switch`, ["ss", "-tinH", "state", "established"]);
        return stdout.includes(" reno ");
      });
      assert.equal((await connections(site)).classes["tuned"], 1);
    }
    client.kill();
  });

  test("explain tells the class", async () => {
    const words = ["TCP", "10.1.0.11:40000", `10.2.0.11:${PORTS.fixed}`];
    const config = ["--config", `${lab.directory}/a/ovs-tpo.yaml`];
    const program = [process.execPath, "plugin/bin/ovs-tpo", "explain", ...words, ...config];
    assert.match(
      (await lab.exec("a-switch", program)).stdout,
      /^taken for peer b\n[\s\S]*^ {2}its class is fixed$/m,
    );
  });

  for (const dead of ["client", "server"] as const)
    test(`a ${dead} whose host is gone is found out, and the other sees a reset`, async () => {
      const port = portOf("tuned", "ipv4");
      const gone = dead === "client" ? "a-host1" : "b-host1";
      const client = lab.spawn(
        "client",
        ["python3", "-c", waitingProgram("ipv4", addressOf("b", "ipv4"), port)],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const server = servers.get(`b ${port}`)!;
      let said = "";
      const listen = (text: Buffer) => {
        said += text;
      };
      client.stdout!.on("data", listen);
      server.stdout!.on("data", listen);
      await until("the connection stands", () => said.includes("talks"));
      const rules = (verb: "add" | "delete") =>
        verb === "delete"
          ? lab.exec(gone, ["nft", "delete", "table", "inet", "gone"])
          : lab.exec(gone, [
              "nft",
              "table inet gone { chain in { type filter hook input priority 0; policy drop; }; chain out { type filter hook output priority 0; policy drop; }; }",
            ]);
      assert.equal((await rules("add")).status, 0);
      const other =
        dead === "client" ? "server sees ConnectionResetError" : "client sees ConnectionResetError";
      await until(other, () => said.includes(other), 20_000);
      await rules("delete");
      server.stdout!.off("data", listen);
      client.kill();
    });
});
