import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Server, Socket } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import {
  bind,
  close,
  getOption,
  listen,
  localEndpoint,
  SystemError,
  setCongestionControl,
  setDscp,
  socket,
} from "../../driver/ffi/index.js";
import {
  type MessageHeader,
  MessageStatus,
  MessageType,
  PacketDriver,
  type Priority,
} from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import { DSCP_NAMES, priorityOf } from "../../plugin/edge/tcp/dscp.js";
import { IdleTimeouts } from "../../plugin/edge/tcp/idle-timeouts.js";
import { EdgeMemory, type Interception, SynAcks, TcpConnections } from "../../plugin/edge/tcp/index.js";
import {
  openingOf,
  readOpened,
  readOpening,
  writeOpened,
  writeOpening,
} from "../../plugin/edge/tcp/opening.js";
import { treat } from "../../plugin/edge/tcp/treatment.js";
import { dscpOf } from "../../plugin/packet/index.js";
import { deferred, EdgePair, listening, observe, PLAIN_CLASS } from "./pair.js";

const stops: (() => void)[] = [];
after(() => {
  for (const stop of stops) stop();
});

/** Index of the loopback device, in every network namespace. */
const LOOPBACK = 1;

test("every code point has a priority, those without a meaning the normal one", () => {
  const of = (priority: Priority) =>
    Object.entries(DSCP_NAMES).flatMap(([name, dscp]) => (priorityOf(dscp) === priority ? [name] : []));
  assert.deepEqual(
    [of(0), of(1), of(2), of(3)],
    [
      ["af21", "af22", "af23", "cs4", "af41", "af42", "af43", "cs5", "va", "ef", "cs6", "cs7"],
      ["default", "cs2", "cs3", "af31", "af32", "af33"],
      ["af11", "af12", "af13"],
      ["le", "cs1"],
    ],
  );
  const named = new Set<number>(Object.values(DSCP_NAMES));
  for (let dscp = 0; dscp < 64; dscp++) if (!named.has(dscp)) assert.equal(priorityOf(dscp), 1);
});

test("a packet's DSCP is read without its ECN bits", () => {
  assert.equal(dscpOf(Uint8Array.of(0x45, 0xbb)), 46);
  assert.equal(dscpOf(Uint8Array.of(0x6b, 0xb5)), 46);
});

describe("what OPEN and OPENED say of the traffic", () => {
  test("golden bytes", () => {
    const bytes = writeOpening({ dscp: 46, priority: 0, className: "voice" });
    assert.equal(Buffer.from(bytes).toString("hex"), "2e00766f696365");
    assert.equal(Buffer.from(writeOpened(8)).toString("hex"), "08");
  });

  test("what is written is read", () => {
    const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
    fc.assert(
      fc.property(fc.nat(63), fc.constantFrom(0, 1, 2, 3), names, (dscp, priority, className) => {
        assert.deepEqual(readOpening(writeOpening({ dscp, priority, className })), {
          dscp,
          priority,
          className,
        });
        assert.equal(readOpened(writeOpened(dscp)), dscp);
      }),
    );
  });

  for (const [what, hex] of [
    ["nothing", ""],
    ["no name", "2e00"],
    ["a DSCP of 64", "400061"],
    ["a priority of 4", "000461"],
    ["a name of 64 characters", `0000${"61".repeat(64)}`],
    ["a name with a line end", "0000610a"],
    ["a name that is no ASCII", "0000e4"],
  ])
    test(`${what} is refused`, () => assert.equal(readOpening(Buffer.from(hex!, "hex")), undefined));
  test("an OPENED of no byte, of two, or of a DSCP of 64 is refused", () => {
    for (const hex of ["", "0000", "40"]) assert.equal(readOpened(Buffer.from(hex, "hex")), undefined);
  });

  test("the class decides about DSCP and priority, else the client's DSCP does", () => {
    const of = (fields: object, dscp: number) => {
      const { priority, dscp: marked } = openingOf({ ...PLAIN_CLASS, ...fields }, dscp);
      return [priority, marked];
    };
    assert.deepEqual(of({}, 46), [0, 46]);
    assert.deepEqual(of({ priority: 3 }, 46), [3, 46]);
    assert.deepEqual(of({ dscp: 8 }, 46), [3, 8]);
    assert.deepEqual(of({ dscp: 8, priority: 2 }, 46), [2, 8]);
  });
});

/** What two sites' edges say to each other is carried by hand, and looked at. */
class Exchange {
  readonly near: TcpConnections;
  readonly far: TcpConnections;
  readonly #nearDriver: PacketDriver;
  readonly #farDriver: PacketDriver;
  /** Connection and bytes of each message with data since the last `carry`, in order. */
  #said: [connection: number, bytes: number][] = [];

  constructor(port: number) {
    const listen = (to: () => TcpConnections) => (header: MessageHeader, data: Uint8Array) => {
      if (header.type === MessageType.DATA) this.#said.push([header.connection, data.length]);
      to().receive(header, data);
    };
    this.#nearDriver = new PacketDriver({ onMessage: listen(() => this.near), compressor: null });
    this.#farDriver = new PacketDriver({ onMessage: listen(() => this.far), compressor: null });
    const connections = (driver: PacketDriver) =>
      new TcpConnections({
        ready: (source) => driver.ready(source),
        now: () => performance.now(),
        rtt: () => 1,
        creditMaximum: 2 ** 20,
        memory: new EdgeMemory(2 ** 26),
        connectTimeout: 5000,
        trafficClass: () => PLAIN_CLASS,
        dial: ({ onread }) => connect({ host: "127.0.0.1", port, allowHalfOpen: true, onread }),
      });
    this.near = connections(this.#nearDriver);
    this.far = connections(this.#farDriver);
    stops.push(
      () => this.near.stop(),
      () => this.far.stop(),
    );
  }

  /** Carries what one side has to say now; returns whose bytes came, in order. */
  carry(from: "near" | "far"): [connection: number, bytes: number][] {
    const [driver, to] =
      from === "near" ? [this.#nearDriver, this.#farDriver] : [this.#farDriver, this.#nearDriver];
    this.#said = [];
    for (;;) {
      const buffer = driver.nextBuffer();
      if (buffer === undefined) return this.#said;
      assert.equal(to.receive(Buffer.from(buffer)), undefined);
      driver.release(buffer);
    }
  }

  /** A client's connection of that class; the client's own socket. */
  async open(trafficClass: Interception["trafficClass"], dscp = 0): Promise<Socket> {
    const accepted = deferred<Socket>();
    const listener = createServer({ allowHalfOpen: true }, accepted.resolve);
    const client = connect({ host: "127.0.0.1", port: await listening(listener), allowHalfOpen: true });
    const socket = await accepted.promise;
    listener.close();
    client.on("error", () => {});
    stops.push(() => client.destroy());
    const [source, destination] = [addressBytes("127.0.0.1"), addressBytes("127.0.0.1")];
    const addresses = { source, sourcePort: socket.remotePort!, destination, destinationPort: 80 };
    this.near.intercept(socket, { addresses, trafficClass, dscp });
    return client;
  }
}

test("a question of a class that goes first is carried before the bulk that was there before it, both ways", async () => {
  const answers: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    answers.push(socket.resume().on("error", () => {}));
  });
  const exchange = new Exchange(await listening(server));
  stops.push(() => server.close());
  const bulk = await exchange.open(PLAIN_CLASS, DSCP_NAMES.cs1);
  const interactive = await exchange.open({ ...PLAIN_CLASS, name: "interactive", priority: 0 });
  exchange.carry("near");
  while (answers.length < 2) await sleep(10);
  exchange.carry("far");

  const ask = async (first: Socket, second: Socket, taken: () => number) => {
    const before = taken();
    first.write(Buffer.alloc(100_000));
    while (taken() < before + 100_000) await sleep(5);
    second.write(Buffer.alloc(1000));
    while (taken() < before + 101_000) await sleep(5);
  };
  await ask(bulk, interactive, () => exchange.near.counts.taken);
  const up = exchange.carry("near");
  assert.deepEqual(up[0], [2, 1000]);
  assert.equal(
    up.slice(1).reduce((sum, [connection, bytes]) => sum + (connection === 1 ? bytes : 0), 0),
    100_000,
  );

  const askedFor = async (bytes: number) => {
    for (;;) {
      const asked = answers.find(({ bytesRead }) => bytesRead === bytes);
      if (asked !== undefined) return asked;
      await sleep(5);
    }
  };
  const [first, second] = [await askedFor(100_000), await askedFor(1000)];
  await ask(first, second, () => exchange.far.counts.taken);
  assert.deepEqual(exchange.carry("far")[0], [2, 1000]);
});

describe("a peer that says nonsense of a connection's traffic", () => {
  const addresses = {
    source: addressBytes("10.1.0.11"),
    sourcePort: 40_000,
    destination: addressBytes("10.2.0.11"),
    destinationPort: 80,
  };
  /** Connections with a peer that says what it likes; the statuses of the RESETs that it gets. */
  const talking = () => {
    const statuses: number[] = [];
    const write = ({ type, status }: MessageHeader) => {
      if (type === MessageType.RESET) statuses.push(status);
      return true;
    };
    const connections = new TcpConnections({
      ready: (source) => source.pull({ room: 60_000, reserve: () => undefined, write }, 16_384),
      now: () => 0,
      rtt: () => 1,
      creditMaximum: 2 ** 20,
      memory: new EdgeMemory(2 ** 20),
      connectTimeout: 1000,
      trafficClass: () => PLAIN_CLASS,
      dial: () => assert.fail("nothing is opened"),
    });
    stops.push(() => connections.stop());
    return { connections, statuses };
  };
  const header = { protocol: 6, connection: 1, sequence: 0, status: 0 };

  test("in an OPEN is refused, and nothing is opened", () => {
    const { connections, statuses } = talking();
    connections.receive(
      { ...header, type: MessageType.OPEN, flags: 1, addresses },
      Buffer.from("ff0061", "hex"),
    );
    assert.deepEqual(statuses, [MessageStatus.PROTOCOL_ERROR]);
    assert.equal(connections.counts.open, 0);
  });

  test("in an OPENED loses the connection", () => {
    const { connections, statuses } = talking();
    connections.intercept(new Socket(), { addresses, trafficClass: PLAIN_CLASS, dscp: 0 });
    const opened = { ...header, type: MessageType.OPENED, flags: 0, addresses: undefined };
    connections.receive(opened, Buffer.from("40", "hex"));
    assert.deepEqual(statuses, [MessageStatus.PROTOCOL_ERROR]);
    assert.equal(connections.counts.open, 0);
  });
});

describe("a class's idle time-out", () => {
  test("runs anew with each byte, either way, and ends those that are idle", () => {
    const timeouts = new IdleTimeouts();
    const ended: string[] = [];
    const connection = (name: string) => ({ taken: 0, delivered: 0, expire: () => void ended.push(name) });
    const [idle, sends, hears] = [connection("idle"), connection("sends"), connection("hears")];
    for (const one of [idle, sends, hears]) timeouts.add(one, 3000, 0);
    for (let now = 1000; now <= 6000; now += 1000) {
      if (now === 2000) sends.taken += 1;
      if (now <= 4000) hears.delivered += 1;
      timeouts.look(now);
      if (now === 3000) {
        assert.deepEqual(ended, ["idle"]);
        timeouts.forget(idle);
      }
    }
    assert.deepEqual(ended, ["idle", "sends", "sends"]);
  });

  test("both applications see a reset; one that is not idle goes on", async () => {
    const ends: Promise<string>[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      ends.push(observe(socket).then(({ end }) => end));
    });
    const pair = await new EdgePair(await listening(server), 3).start();
    stops.push(
      () => server.close(),
      () => pair.stop(),
    );
    pair.trafficClass = { ...PLAIN_CLASS, idleTimeout: 2500 };
    const dial = () => connect({ port: pair.port, host: "127.0.0.1", allowHalfOpen: true });
    const [idle, busy] = [dial(), dial()];
    await Promise.all([once(idle, "connect"), once(busy, "connect")]);
    const talk = setInterval(() => busy.write("."), 500);
    assert.equal((await observe(idle)).end, "ECONNRESET");
    assert.equal(await Promise.race(ends), "ECONNRESET");
    await sleep(1500);
    assert.equal(pair.near.counts.open, 1);
    clearInterval(talk);
    busy.destroy();
  });
});

describe("sockets towards applications", () => {
  test("are as their class says", () => {
    const fd = socket("ipv4", "stream");
    treat(fd, {
      ...PLAIN_CLASS,
      keepalive: 7000,
      userTimeout: 30_000,
      noDelay: false,
      congestionControl: "reno",
      sendBuffer: 65_536,
      receiveBuffer: 131_072,
    });
    assert.deepEqual(
      (["keepAlive", "keepIdle", "userTimeout", "noDelay", "sendBuffer", "receiveBuffer"] as const).map(
        (option) => getOption(fd, option),
      ),
      [1, 7, 30_000, 0, 2 * 65_536, 2 * 131_072],
    );
    close(fd);
  });

  test("a congestion control that is not there is an error, and so is a name that cannot be one", () => {
    const fd = socket("ipv4", "stream");
    assert.throws(
      () => setCongestionControl(fd, "nosuch"),
      (error) => error instanceof SystemError && error.code === "ENOENT",
    );
    assert.throws(() => setCongestionControl(fd, "x".repeat(16)), RangeError);
    close(fd);
  });
});

describe("the DSCP of a server's answer", () => {
  for (const [family, address] of [
    ["ipv4", "127.0.0.1"],
    ["ipv6", "::1"],
  ] as const)
    test(`is seen over ${family}, and each one's own`, async () => {
      const synAcks = new SynAcks();
      synAcks.listen([LOOPBACK]);
      const seen: number[] = [];
      for (const dscp of [46, 0, 8]) {
        const fd = socket(family, "stream");
        setDscp(fd, family, dscp);
        bind(fd, { address, port: 0 });
        const { port } = localEndpoint(fd);
        listen(fd, 8);
        const server = new Server().listen({ fd });
        synAcks.drain();
        const client = connect(port, address);
        await once(client, "connect");
        seen.push(synAcks.dscp(client));
        client.destroy();
        server.close();
      }
      assert.deepEqual(seen, [46, 0, 8]);
      synAcks.close();
    });
});
