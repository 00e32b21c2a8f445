import assert from "node:assert/strict";
import { test } from "node:test";
import { type MessageAddresses, MessageStatus } from "../../driver/index.js";
import type { HeldPacket, WhenPeerDown } from "../../flows/index.js";
import { endpointsKey, type Inquiry, plainClass } from "../../plugin/edge/tcp/index.js";
import { HeldSyns } from "../../plugin/held-syns.js";
import { readSyn } from "../../plugin/packet/index.js";
import { SYN, tcpFrame } from "../flows/frame.js";

/** A SYN from a client's port to 10.2.0.11:80, held for peer 1. */
const syn = (port: number, wanted: HeldPacket["wanted"] = "confirm"): HeldPacket => ({
  wanted,
  peer: wanted === "confirm" ? 1 : 0,
  port: 7,
  frame: tcpFrame({ from: `10.1.0.11 ${port}`, to: "10.2.0.11 80", flags: SYN }),
});

/** What is done with held SYNs, by a switch and a peer that only take note. */
class Site {
  time = 0;
  full = false;
  reachable = true;
  mayOpen = true;
  wanted = true;
  whenPeerDown: WhenPeerDown = "pass";
  /** `take 40000`, `letGo 40000`, `pass 40000`, `answer tcp`, `answer icmp`, `ask 40000`, `drop 40000`. */
  readonly done: string[] = [];
  readonly open = new Set<string>();
  readonly #answers = new Map<number, (status: number) => void>();
  readonly held: HeldSyns;

  constructor() {
    const note = (what: string) => (_packet: HeldPacket, frame: Uint8Array) => {
      this.done.push(`${what} ${readSyn(frame)!.sourcePort}`);
    };
    this.held = new HeldSyns({
      steering: {
        take: note("take"),
        letGo: note("letGo"),
        pass: note("pass"),
        isWanted: () => this.wanted,
        answer: (_packet, frame) => {
          this.done.push(`answer ${frame[14 + 9] === 6 ? "tcp" : `icmp ${frame[14 + 20 + 1]}`}`);
        },
        peerOf: ({ peer }) => (peer === 1 ? "b" : undefined),
      },
      peer: () => ({
        reachable: this.reachable,
        mayOpen: this.mayOpen,
        inquire: ({ addresses }, answered) => {
          const { sourcePort } = addresses;
          this.done.push(`ask ${sourcePort}`);
          this.#answers.set(sourcePort, answered);
          return { drop: () => this.done.push(`drop ${sourcePort}`) } as unknown as Inquiry;
        },
        isConfirmed: (addresses) => this.open.has(endpointsKey(addresses)),
      }),
      mayTake: () => !this.full,
      whenPeerDown: () => this.whenPeerDown,
      trafficClass: () => plainClass(15_000),
      mostWaiting: 4096,
      router: () => Uint8Array.from([10, 1, 0, 2]),
      now: () => this.time,
    });
  }

  /** The far edge answers. */
  answer(port: number, status: MessageStatus): void {
    this.#answers.get(port)!(status);
  }

  /** What has been done since the last look. */
  look(): string[] {
    return this.done.splice(0);
  }

  /** An application's connection from this port is accepted. */
  accept(port: number): void {
    const addresses: MessageAddresses = readSyn(syn(port).frame)!;
    this.open.add(endpointsKey(addresses));
    this.held.accepted(addresses);
  }
}

test("a SYN waits for the far edge, and is then let through once", () => {
  const site = new Site();
  site.held.receive(syn(40000));
  assert.deepEqual(site.look(), ["ask 40000"]);
  site.answer(40000, MessageStatus.OK);
  assert.deepEqual(site.look(), ["take 40000"]);
  site.accept(40000);
  site.time = 3_600_000;
  site.held.sweep();
  assert.deepEqual(site.look(), []);
});

test("retransmissions ask nobody again; once the far edge has answered they are let through as well", () => {
  const site = new Site();
  for (let i = 0; i < 3; i++) site.held.receive(syn(40000));
  assert.deepEqual(site.look(), ["ask 40000"]);
  site.answer(40000, MessageStatus.OK);
  site.held.receive(syn(40000));
  site.accept(40000);
  site.held.receive(syn(40000));
  assert.deepEqual(site.look(), ["take 40000", "take 40000", "take 40000"]);
});

test("what the far edge finds is what the client gets", () => {
  const outcomes = [
    [MessageStatus.REFUSED, ["answer tcp"]],
    [MessageStatus.RESET_BY_APPLICATION, ["answer tcp"]],
    [MessageStatus.NETWORK_UNREACHABLE, ["answer icmp 0"]],
    [MessageStatus.UNREACHABLE, ["answer icmp 1"]],
    [MessageStatus.PROHIBITED, ["answer icmp 13"]],
    [MessageStatus.LIMIT, ["letGo 40000"]],
    [MessageStatus.TIMEOUT, []],
    [MessageStatus.SESSION_LOST, ["letGo 40000"]],
    [MessageStatus.SHUTDOWN, ["letGo 40000"]],
  ] as const;
  for (const [status, expected] of outcomes) {
    const site = new Site();
    site.held.receive(syn(40000));
    site.look();
    site.answer(40000, status);
    assert.deepEqual(site.look(), expected, `status ${status}`);
    site.held.receive(syn(40000));
    assert.deepEqual(site.look(), ["ask 40000"], "it may try again");
  }
});

test("a client that gives up has its far edge drop the connection, in a bounded time", () => {
  const site = new Site();
  site.held.receive(syn(40000));
  site.held.receive(syn(40001));
  site.answer(40001, MessageStatus.OK);
  site.look();
  site.time = 4999;
  site.held.sweep();
  assert.deepEqual(site.look(), []);
  site.time = 5000;
  site.held.sweep();
  assert.deepEqual(site.look(), ["drop 40001"]);
  site.time = 70_000;
  site.held.sweep();
  assert.deepEqual(site.look(), ["drop 40000"]);
  assert.equal(site.held.counts.waiting, 0);
});

test("while steering is interrupted those that wait go on waiting, and what is new passes", () => {
  const site = new Site();
  site.held.receive(syn(40_000));
  assert.deepEqual(site.look(), ["ask 40000"]);
  site.wanted = false;
  site.held.receive(syn(40_000));
  site.held.receive(syn(40_001));
  assert.deepEqual(site.look(), ["pass 40001"]);
  site.answer(40_000, MessageStatus.OK);
  site.held.receive(syn(40_000));
  assert.deepEqual(site.look(), ["take 40000", "take 40000"]);
  site.wanted = true;
  site.held.receive(syn(40_002));
  assert.deepEqual(site.look(), ["ask 40002"]);
});

test("past the bound of those who wait clients are let go, until some have been answered", () => {
  const site = new Site();
  for (let port = 1; port <= 4096; port++) site.held.receive(syn(port));
  site.look();
  site.held.receive(syn(5000));
  assert.deepEqual(site.look(), ["letGo 5000"]);
  assert.equal(site.held.counts.direct, 1);
  site.answer(1, MessageStatus.TIMEOUT);
  site.held.receive(syn(5001));
  assert.deepEqual(site.look(), ["ask 5001"]);
  site.mayOpen = false;
  site.held.receive(syn(5002));
  assert.deepEqual(site.look(), ["letGo 5002"]);
});

test("without memory for more, SYNs pass; without the peer they are dropped", () => {
  const site = new Site();
  site.full = true;
  site.held.receive(syn(40000));
  assert.deepEqual(site.look(), ["letGo 40000"]);
  site.full = false;
  site.reachable = false;
  site.held.receive(syn(40000));
  assert.deepEqual(site.look(), []);
});

test("refusals are a thousand a second at most", () => {
  const site = new Site();
  const refuse = () => {
    for (let port = 1; port <= 1500; port++) site.held.receive(syn(port, "refuse"));
    return site.look().length;
  };
  assert.equal(refuse(), 1000);
  site.time = 500;
  assert.equal(refuse(), 500);
});

test("what is no whole SYN is dropped", () => {
  const site = new Site();
  const packet = syn(40000);
  site.held.receive({ ...packet, frame: packet.frame.subarray(0, 50) });
  assert.deepEqual(site.look(), []);
});

test("when the peer goes, those that wait for it are let go, refused, or left to come again", () => {
  for (const [policy, done] of [
    ["pass", ["drop 40000", "letGo 40000"]],
    ["refuse", ["drop 40000", "answer tcp"]],
    ["hold", ["drop 40000"]],
  ] as const) {
    const site = new Site();
    site.whenPeerDown = policy;
    site.held.receive(syn(40000));
    site.look();
    site.held.peerGone("c");
    assert.deepEqual(site.look(), []);
    site.held.peerGone("b");
    assert.deepEqual(site.look(), done);
    assert.equal(site.held.counts.waiting, 0);
    site.held.peerGone("b");
    assert.deepEqual(site.look(), []);
  }
});

test("a session that ends while the far edge is asked is as a peer that goes", () => {
  const site = new Site();
  site.held.receive(syn(40000));
  site.answer(40000, MessageStatus.SESSION_LOST);
  assert.deepEqual(site.look(), ["ask 40000", "letGo 40000"]);
});

test("at the end those that wait are let go, and those that were let through are left alone", () => {
  const site = new Site();
  site.held.receive(syn(40000));
  site.held.receive(syn(40001));
  site.answer(40001, MessageStatus.OK);
  site.look();
  site.held.stop();
  assert.deepEqual(site.look(), ["drop 40000", "letGo 40000"]);
});
