import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  BundleError,
  DecodeError,
  DisconnectedError,
  encode,
  flowMod,
  type Message,
  match,
  OpenFlowError,
  ProtocolError,
  RequestTimeoutError,
  Session,
  VersionError,
} from "openflow-ts";
import { type Answer, connected, FakeSwitch, helloOf, streams } from "./fake-switch.js";

/** What each side offers: the header's version, the bitmap if there is one; and what comes of it. */
const negotiations: readonly (readonly [
  readonly (4 | 5 | 6)[],
  number,
  readonly number[] | undefined,
  number | undefined,
])[] = [
  [[4, 5, 6], 6, [4, 5, 6], 6],
  [[4, 5, 6], 5, [1, 4, 5], 5],
  [[4, 5, 6], 4, undefined, 4],
  [[4, 5, 6], 9, undefined, 6],
  [[4, 5, 6], 9, [4, 9], 4],
  [[4], 6, [4, 6], 4],
  [[4, 6], 5, undefined, undefined],
  [[4, 5, 6], 1, undefined, undefined],
  [[6], 5, [4, 5], undefined],
];

for (const [ours, header, bitmap, expected] of negotiations) {
  const theirs = bitmap ? `bitmap ${bitmap}` : "no bitmap";
  test(`negotiation of ${ours} with ${header} and ${theirs} comes to ${expected ?? "nothing"}`, async () => {
    const [mine, other] = streams();
    const fake = new FakeSwitch(other, undefined, helloOf(header, bitmap));
    const session = new Session(mine, { versions: ours, probeInterval: 0 });
    if (expected === undefined) {
      await assert.rejects(session.ready, VersionError);
      assert.equal(session.version, undefined);
      await turn();
      assert.deepEqual(fake.types(), ["hello", "error"]);
    } else {
      await session.ready;
      assert.equal(session.version, expected);
      session.close();
    }
  });
}

test("a peer that does not begin with hello is refused", async () => {
  const [mine, theirs] = streams();
  const session = new Session(mine);
  theirs.write(encode({ version: 6, xid: 1, message: { type: "barrier_reply" } }));
  await assert.rejects(session.ready, ProtocolError);
});

test("a handshake has to end in time", async () => {
  const [mine] = streams();
  await assert.rejects(new Session(mine, { handshakeTimeout: 20 }).ready, RequestTimeoutError);
});

test("echo requests are answered with their bytes", async () => {
  const [session, fake] = await connected();
  fake.say({ type: "echo_request", data: Uint8Array.of(1, 2, 3) }, 99);
  await turn();
  assert.deepEqual(fake.seen.at(-1), {
    version: 6,
    xid: 99,
    message: { type: "echo_reply", data: Uint8Array.of(1, 2, 3) },
  });
  session.close();
});

test("others have their turns while a long dump is being read", async () => {
  const [session, fake] = await connected();
  const data = new Uint8Array(60_000);
  const answered = () => fake.types().filter((type) => type === "echo_reply").length;
  for (let i = 0; i < 20; i++) fake.say({ type: "echo_request", data });
  let turns = 0;
  for (; answered() < 20; turns++) await turn();
  assert.ok(turns >= 19, `${turns} turns`);
  session.close();
});

test("a silent switch is probed, and given up when it stays silent", async () => {
  const [session, fake] = await connected(undefined, { probeInterval: 20 });
  const reason = await session.closed;
  assert.ok(reason instanceof DisconnectedError);
  assert.match(reason.message, /echo/);
  assert.equal(fake.types().filter((type) => type === "echo_request").length, 1);
});

test("a switch that answers probes is kept, however long", async () => {
  const answer: Answer = (message) =>
    message.type === "echo_request" ? [{ type: "echo_reply", data: message.data }] : [];
  const [session, fake] = await connected(answer, { probeInterval: 10 });
  while (fake.types().filter((type) => type === "echo_request").length < 5) await turn();
  assert.equal(session.version, 6);
  session.close();
});

test("answers find their requests by transaction, in whatever order they come", async () => {
  const [session, fake] = await connected();
  const one = session.request({ type: "role_request", role: "nochange", shortId: 0, generation: 0n });
  const two = session.request({ type: "get_config_request" });
  await turn();
  const [first, second] = fake.seen.slice(-2);
  fake.say({ type: "get_config_reply", flags: 1, missSendLength: 128 }, second!.xid);
  fake.say({ type: "role_reply", role: "slave", shortId: 0, generation: 5n }, first!.xid);
  assert.equal((await two).missSendLength, 128);
  assert.equal((await one).role, "slave");
  session.close();
});

test("a message without a reply is confirmed by a barrier", async () => {
  const [session, fake] = await connected((message) =>
    message.type === "barrier_request" ? [{ type: "barrier_reply" }] : [],
  );
  assert.equal(await session.request(flowMod({})), undefined);
  assert.deepEqual(fake.types().slice(-2), ["flow_mod", "barrier_request"]);
  session.close();
});

test("a request that is not answered in time fails; its late answer is no one's", async () => {
  const [session, fake] = await connected();
  await assert.rejects(session.request({ type: "get_config_request" }, { timeout: 10 }), RequestTimeoutError);
  const unasked = once(session, "message");
  fake.say({ type: "get_config_reply", flags: 0, missSendLength: 0 }, fake.seen.at(-1)!.xid);
  const [envelope] = await unasked;
  assert.equal(envelope.message.type, "get_config_reply");
  session.close();
});

test("a request can be taken back", async () => {
  const [session] = await connected();
  const abort = new AbortController();
  const request = session.barrier({ signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(request, /enough/);
  await assert.rejects(session.barrier({ signal: AbortSignal.abort(new Error("before")) }), /before/);
  session.close();
});

test("at the end of the connection all open requests fail at once", async () => {
  const [session, fake] = await connected();
  const requests = [
    session.barrier(),
    session.request(flowMod({})),
    session.flows().next(),
    session.bundle([flowMod({})]),
  ];
  await turn();
  fake.end();
  for (const result of await Promise.allSettled(requests)) {
    assert.equal(result.status, "rejected");
    const { reason } = result as PromiseRejectedResult;
    const error = reason instanceof BundleError ? reason.cause : reason;
    assert.ok(error instanceof DisconnectedError);
    assert.equal(error.sent, true);
  }
  await assert.rejects(session.barrier(), (error) => error instanceof DisconnectedError && !error.sent);
  assert.throws(() => session.send(flowMod({})), DisconnectedError);
});

test("errors that answer no request are told", async () => {
  const [session, fake] = await connected();
  const refused = once(session, "refused");
  const xid = session.send(flowMod({}));
  fake.say({ type: "error", errorType: 5, code: 1, data: new Uint8Array(0) }, xid);
  const [error] = await refused;
  assert.ok(error instanceof OpenFlowError);
  assert.equal(error.code, "OFPFMFC_TABLE_FULL");
  assert.equal(error.xid, xid);
  session.close();
});

test("an error of another transaction finds its request by the header that it carries", async () => {
  const [session, fake] = await connected();
  const request = session.request({ type: "get_config_request" });
  await turn();
  const data = encode(fake.seen.at(-1)!);
  fake.say({ type: "error", errorType: 1, code: 5, data }, 0x7777);
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof OpenFlowError);
    assert.equal(error.code, "OFPBRC_EPERM");
    assert.equal(error.failed?.type, 7);
    return true;
  });
  session.close();
});

test("a message that cannot be understood harms nobody else", async () => {
  const [session, fake] = await connected((message) =>
    message.type === "barrier_request" ? [{ type: "barrier_reply" }] : [],
  );
  const told = once(session, "undecodable");
  fake.raw(Uint8Array.of(6, 10, 0, 9, 0, 0, 0, 0, 0));
  const [error] = await told;
  assert.ok(error instanceof DecodeError);
  await session.barrier();

  const request = session.request({ type: "get_config_request" });
  await turn();
  const xid = fake.seen.at(-1)!.xid;
  fake.raw(Uint8Array.of(6, 8, 0, 9, 0, 0, xid >> 8, xid & 0xff, 0));
  await assert.rejects(request, DecodeError);
  session.close();
});

test("a stream that is no OpenFlow ends the connection", async () => {
  const [session, fake] = await connected();
  fake.raw(Uint8Array.of(6, 10, 0, 3, 0, 0, 0, 0));
  assert.ok((await session.closed) instanceof ProtocolError);
});

/** Flows in as many replies as there are lists. */
const inParts =
  (...parts: readonly number[][]): Answer =>
  (message) =>
    message.type !== "multipart_request"
      ? []
      : parts.map(
          (priorities, index): Message => ({
            type: "multipart_reply",
            flags: index < parts.length - 1 ? 1 : 0,
            body: {
              type: "flow_desc",
              flows: priorities.map((priority) => ({
                table: 0,
                priority,
                cookie: 0n,
                idleTimeout: 0,
                hardTimeout: 0,
                importance: 0,
                flags: 0,
                match: match({}),
                stats: {},
                instructions: [],
              })),
            },
          }),
        );

test("a dump goes over all the parts of the answer", async () => {
  const [session] = await connected(inParts([1, 2], [], [3]));
  const priorities: number[] = [];
  for await (const { priority } of session.flows()) priorities.push(priority);
  assert.deepEqual(priorities, [1, 2, 3]);
  session.close();
});

test("a dump that is left early awaits nothing more", async () => {
  const [session] = await connected(inParts([1, 2], [3]));
  for await (const { priority } of session.flows()) {
    assert.equal(priority, 1);
    break;
  }
  session.close();
});

test("a dump whose parts stop coming fails", async () => {
  const endless: Answer = (message, xid) => inParts([1], [2])(message, xid).slice(0, 1);
  const [session] = await connected(endless);
  const flows = session.flows({}, { timeout: 20 });
  assert.equal((await flows.next()).value?.priority, 1);
  await assert.rejects(flows.next(), RequestTimeoutError);
  session.close();
});

test("an answer of the wrong kind is the switch's fault", async () => {
  const [session] = await connected(() => [{ type: "barrier_reply" }]);
  await assert.rejects(session.request({ type: "get_config_request" }), ProtocolError);
  await assert.rejects(session.flows().next(), ProtocolError);
  session.close();
});

test("messages of the switch's own are events", async () => {
  const [session, fake] = await connected();
  const packetIn = once(session, "packet_in");
  fake.say({
    type: "packet_in",
    bufferId: 0xffffffff,
    totalLength: 4,
    reason: "table_miss",
    table: 0,
    cookie: 0n,
    match: match({ in_port: 3 }),
    data: Uint8Array.of(1, 2, 3, 4),
  });
  const [{ data }] = await packetIn;
  assert.deepEqual(data, Uint8Array.of(1, 2, 3, 4));
  session.close();
});
