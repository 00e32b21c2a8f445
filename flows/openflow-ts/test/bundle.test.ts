import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { BundleError, flowMod, type Message, OpenFlowError } from "openflow-ts";
import { type Answer, connected, type FakeSwitch } from "./fake-switch.js";

/** A switch that takes bundles; `refuse` says what it answers to some of the messages instead. */
function bundles(refuse: (message: Message) => readonly Message[] | undefined): Answer {
  return (message) => {
    const refusal = refuse(message);
    if (refusal) return refusal;
    if (message.type === "barrier_request") return [{ type: "barrier_reply" }];
    if (message.type !== "bundle_control" || typeof message.control !== "string") return [];
    const control = message.control.replace("request", "reply") as "open_reply";
    return [{ ...message, control }];
  };
}

/** What was done with bundles, in order. */
function controls(fake: FakeSwitch): (string | number)[] {
  return fake.seen.flatMap(({ message }): (string | number)[] => {
    if (message.type === "bundle_add") return ["add"];
    return message.type === "bundle_control" ? [message.control] : [];
  });
}

const failure = (errorType: number, code: number): Message[] => [
  { type: "error", errorType, code, data: new Uint8Array(0) },
];

test("a bundle is opened, filled and committed", async () => {
  const [session, fake] = await connected(bundles(() => undefined));
  await session.bundle([flowMod({}), flowMod({ priority: 1 })]);
  assert.deepEqual(controls(fake), ["open_request", "add", "add", "commit_request"]);
  session.close();
});

test("a bundle whose message is refused is discarded, not committed", async () => {
  const [session, fake] = await connected(
    bundles((message) =>
      message.type === "bundle_add" && message.message.type === "flow_mod" && message.message.priority === 1
        ? failure(17, 10)
        : undefined,
    ),
  );
  await assert.rejects(session.bundle([flowMod({}), flowMod({ priority: 1 })]), (error) => {
    assert.ok(error instanceof BundleError && error.cause instanceof OpenFlowError);
    assert.equal(error.outcome, "none");
    assert.equal(error.index, 1);
    assert.equal(error.cause.code, "OFPBFC_MSG_UNSUP");
    return true;
  });
  await turn();
  assert.deepEqual(controls(fake), ["open_request", "add", "add", "discard_request"]);
  session.close();
});

test("a bundle whose message cannot be encoded is discarded", async () => {
  const [session, fake] = await connected(bundles(() => undefined));
  await assert.rejects(session.bundle([flowMod({ priority: 0x10000 })]), (error) => {
    assert.ok(error instanceof BundleError);
    assert.equal(error.outcome, "none");
    assert.equal(error.index, 0);
    return true;
  });
  await turn();
  assert.deepEqual(controls(fake), ["open_request", "discard_request"]);
  session.close();
});

test("what became of a bundle whose commit is not answered is unknown", async () => {
  const silent = bundles((message) =>
    message.type === "bundle_control" && message.control === "commit_request" ? [] : undefined,
  );
  const [session] = await connected(silent);
  await assert.rejects(session.bundle([flowMod({})], { timeout: 20 }), (error) => {
    assert.ok(error instanceof BundleError);
    assert.equal(error.outcome, "unknown");
    return true;
  });
  session.close();
});
