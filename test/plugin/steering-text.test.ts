import assert from "node:assert/strict";
import { test } from "node:test";
import type { Listed } from "../../plugin/queries.js";
import {
  formatExplained,
  formatListed,
  isComplete,
  parseTuple,
  TupleError,
} from "../../plugin/steering-text.js";

test("a 5-tuple is a protocol and two endpoints", () => {
  const ipv4 = parseTuple("TCP", "10.1.0.11:40000", "10.2.0.11:80");
  assert.deepEqual(ipv4, {
    protocol: "tcp",
    source: "10.1.0.11",
    sourcePort: 40_000,
    destination: "10.2.0.11",
    destinationPort: 80,
  });
  assert.equal(parseTuple("udp", "[fd00:1::b]:53", "[fd00:2::b]:53").source, "fd00:1::b");
});

for (const [words, complaint] of [
  [["xcp", "10.1.0.11:1", "10.2.0.11:2"], /^protocol "xcp": one of tcp, udp, icmp expected$/],
  [["tcp", "10.1.0.11", "10.2.0.11:2"], /^source "10.1.0.11": ADDRESS:PORT expected/],
  [["tcp", "10.1.0.11:1", "10.2.0.11:65536"], /^destination "10.2.0.11:65536": ADDRESS:PORT expected/],
  [["tcp", "fd00:1::b:1", "[fd00:2::b]:2"], /^source "fd00:1::b:1"/],
  [["tcp", "10.1.0.999:1", "10.2.0.11:2"], /^source "10.1.0.999:1": ADDRESS:PORT expected/],
  [["tcp", "10.1.0.11:1", "[fd00:2::b]:2"], /^10.1.0.11 and fd00:2::b are not of one address family$/],
] as const) {
  test(`${words.join(" ")} is none`, () => {
    const [protocol, source, destination] = words;
    assert.throws(
      () => parseTuple(protocol, source, destination),
      (error) => error instanceof TupleError && complaint.test(error.message),
    );
  });
}

test("an explanation reads from the verdict to the flows", () => {
  const text = formatExplained({
    taken: true,
    entry: 1,
    peer: "b",
    class: "default",
    because: ["entry 1 takes it for peer b", "it goes to the plugin"],
    flows: ["table=0 actions=resubmit(,200)"],
  });
  assert.equal(
    text,
    "taken for peer b\n  entry 1 takes it for peer b\n  it goes to the plugin\n  its class is default\nit meets these flows of ours:\n  table=0 actions=resubmit(,200)\n",
  );
});

test("a listing is complete when nothing is missing, different or too much", () => {
  const flow = (status: Listed["status"]): Listed => ({
    status,
    table: 200,
    priority: 1,
    kind: undefined,
    peer: 0,
    wanted: "table=200 actions=drop",
    packets: status === "missing" ? null : "7",
  });
  assert.equal(isComplete([flow("installed"), flow("learned")]), true);
  assert.equal(isComplete([flow("installed"), flow("missing")]), false);
  assert.equal(isComplete([flow("surplus")]), false);
  assert.equal(
    formatListed([flow("installed"), flow("missing")]),
    "STATUS          PACKETS  FLOW\ninstalled             7  table=200 actions=drop\nmissing               -  table=200 actions=drop\n",
  );
});

test("of a flow that is different, what is there stands above what should be", () => {
  const changed: Listed = {
    ...{ status: "different", table: 200, priority: 1, kind: undefined, peer: 0, packets: "7" },
    ...{ wanted: "table=200 actions=drop", there: "table=200 actions=NORMAL" },
  };
  assert.equal(
    formatListed([changed]),
    "STATUS          PACKETS  FLOW\ndifferent             7  table=200 actions=NORMAL\n  wanted                 table=200 actions=drop\n",
  );
});
