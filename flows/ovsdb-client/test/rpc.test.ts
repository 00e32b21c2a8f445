import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";
import { type Json, NotConnectedError, ProtocolError, RpcError } from "../src/index.js";
import { type Notification, RpcPeer } from "../src/rpc/peer.js";

describe("a JSON-RPC peer", () => {
  let sent: { method?: string; params?: Json[]; id?: Json; result?: Json; error?: Json }[];
  let notified: Notification[];
  let peer: RpcPeer;
  const whole = { timeout: 1000, decode: (result: Json) => result };

  beforeEach(() => {
    sent = [];
    notified = [];
    peer = new RpcPeer(
      (text) => sent.push(JSON.parse(text)),
      (notification) => notified.push(notification),
    );
  });

  test("matches replies by id, in any order", async () => {
    const [a, b] = [peer.request("a", [1], whole), peer.request("b", [], whole)];
    assert.deepEqual(
      sent.map(({ method, params }) => [method, params]),
      [
        ["a", [1]],
        ["b", []],
      ],
    );
    peer.receive({ id: sent[1]?.id ?? null, result: "B", error: null });
    peer.receive({ id: sent[0]?.id ?? null, result: ["A"], error: null });
    assert.deepEqual(await Promise.all([a, b]), [["A"], "B"]);
    assert.equal(peer.outstanding, 0);
  });

  test("decodes a reply before it looks at what came after", async () => {
    const order: string[] = [];
    const reply = peer.request("monitor", [], { timeout: 1000, decode: () => order.push("reply") });
    peer.receive({ id: sent[0]?.id ?? null, result: {}, error: null });
    order.push("update");
    await reply;
    assert.deepEqual(order, ["reply", "update"]);
  });

  test("answers echo at once, and knows no other method", () => {
    peer.receive({ method: "echo", params: ["are you there?", 2n ** 60n], id: "echo" });
    peer.receive({ method: "reboot", params: [], id: 7 });
    assert.equal(sent.length, 2);
    assert.deepEqual([sent[0]?.id, sent[0]?.error], ["echo", null]);
    assert.deepEqual(sent[1], { id: 7, result: null, error: "unknown method" });
  });

  test("hands on notifications", () => {
    peer.receive({ method: "update2", params: ["x", {}], id: null });
    peer.receive({ method: "stolen", params: ["lock"] });
    assert.deepEqual(notified, [
      { method: "update2", params: ["x", {}] },
      { method: "stolen", params: ["lock"] },
    ]);
  });

  test("makes an error of the server's", async () => {
    const request = peer.request("get_schema", ["none"], whole);
    peer.receive({
      id: sent[0]?.id ?? null,
      result: null,
      error: { error: "unknown database", details: "none" },
    });
    await assert.rejects(request, (error: RpcError) => {
      assert.ok(error instanceof RpcError);
      assert.deepEqual([error.tag, error.message], ["unknown database", "unknown database: none"]);
      return true;
    });
  });

  test("gives up at the deadline, and cancels a transaction", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const request = peer.request("transact", ["db"], whole);
      const expired = assert.rejects(request, { code: "DEADLINE", timeout: 1000 });
      mock.timers.tick(999);
      assert.equal(peer.outstanding, 1);
      mock.timers.tick(1);
      await expired;
    } finally {
      mock.timers.reset();
    }
    const id = sent[0]?.id ?? null;
    assert.deepEqual(sent[1], { method: "cancel", params: [id], id: null });
    peer.receive({ id, result: null, error: "canceled" });
    assert.equal(peer.outstanding, 0);
  });

  test("obeys a signal, before and after", async () => {
    const abort = new AbortController();
    const request = peer.request("a", [], { ...whole, signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(request, /enough/);
    await assert.rejects(peer.request("b", [], { ...whole, signal: abort.signal }), /enough/);
    assert.equal(sent.length, 1);
  });

  test("rejects all that is open when it is closed, and all that is asked later", async () => {
    const requests = [peer.request("a", [], whole), peer.request("b", [], whole)];
    peer.close(new NotConnectedError("gone"));
    for (const request of requests) await assert.rejects(request, NotConnectedError);
    await assert.rejects(peer.request("c", [], whole), /gone/);
    peer.notify("d", []);
    assert.equal(sent.length, 2);
  });

  test("a result that makes no sense rejects its own request only", async () => {
    const decode = () => {
      throw new ProtocolError("nonsense");
    };
    const bad = peer.request("a", [], { timeout: 1000, decode });
    const good = peer.request("b", [], whole);
    peer.receive({ id: sent[0]?.id ?? null, result: 1, error: null });
    peer.receive({ id: sent[1]?.id ?? null, result: 2, error: null });
    await assert.rejects(bad, /nonsense/);
    assert.equal(await good, 2);
  });

  test("ignores replies that nobody waits for", () => {
    for (const id of [99, "text", null, 2n ** 60n, [], -1]) peer.receive({ id, result: 1, error: null });
  });

  for (const message of [
    [],
    1,
    "text",
    null,
    {},
    { method: "echo", id: 1 },
    { method: 5 },
    { params: [] },
  ] as Json[]) {
    test(`${JSON.stringify(message)} is no message`, () => {
      assert.throws(() => peer.receive(message), ProtocolError);
    });
  }
});
