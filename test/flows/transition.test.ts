import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EntrySpec } from "../../flows/index.js";
import { ACK, SYN, tcpFrame } from "./frame.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";

const table: EntrySpec[] = [
  { protocol: "tcp", source: "10.1.0.0/24", destination: "10.2.0.0/24", action: "optimize", peer: "b" },
];
const frame = (port: number, flags: number) =>
  tcpFrame({ from: `10.1.0.11 ${port}`, to: "10.2.0.11 80", flags });

/** OVS counts the packets of a datapath's flows up to half a second late, and then learns from them once more. */
describe("connections that are opened as a peer comes or goes", { skip: await unavailable() }, () => {
  let ovs: TestSwitch;
  let plugin: PluginProcess;
  let port = 20_000;

  before(async () => {
    ovs = await TestSwitch.start();
    plugin = new PluginProcess(ovs, { table });
    await plugin.reaches("in-sync");
  });
  after(async () => {
    await plugin?.stop();
    await ovs?.stop();
  });

  /** Ports of connections that a client opens until this is told to end, one every 10 ms. */
  function opening(): { readonly opened: number[]; readonly end: () => Promise<void> } {
    const opened: number[] = [];
    let over = false;
    const run = (async () => {
      for (; !over; await sleep(10)) {
        const next = port++;
        // A SYN that is lost comes again at once here, so that its datapath flow has counted a packet.
        ovs.taps[0]!.send(frame(next, SYN));
        ovs.taps[0]!.send(frame(next, SYN));
        opened.push(next);
      }
    })();
    return {
      opened,
      end: () => {
        over = true;
        return run;
      },
    };
  }

  async function peers(...up: string[]): Promise<void> {
    const from = plugin.events.length;
    plugin.tell({ do: "peers", up });
    const { done } = await plugin.event(({ event }) => event === "applied", from);
    assert.ok(done);
  }

  /** Of what is opened meanwhile: by port, where its first SYN went. */
  async function during(change: () => Promise<void>): Promise<Map<number, "direct" | "taken">> {
    const direct = new Set<number>();
    const client = opening();
    const listen = (async () => {
      for (;;) {
        const found = await ovs.taps[1]!.receive((bytes) => bytes.length > 54 && bytes[23] === 6, 700);
        if (found === undefined) return;
        direct.add(found.readUInt16BE(34));
      }
    })();
    await sleep(600);
    await change();
    await sleep(600);
    await client.end();
    await listen;
    return new Map(client.opened.map((opened) => [opened, direct.has(opened) ? "direct" : "taken"]));
  }

  /** Where the connection's next packet goes. */
  async function goesOn(opened: number): Promise<"direct" | "taken"> {
    const next = frame(opened, ACK);
    ovs.taps[0]!.send(next);
    return (await ovs.taps[1]!.receive((bytes) => bytes.equals(next), 300)) ? "direct" : "taken";
  }

  for (const [what, up] of [
    ["comes", ["b"]],
    ["goes", []],
  ] as const) {
    test(`each goes on as it began when the peer ${what}`, async (t) => {
      const ways = await during(() => peers(...up));
      const began = { direct: 0, taken: 0 };
      const cut: string[] = [];
      for (const [opened, way] of ways) {
        began[way]++;
        const now = await goesOn(opened);
        if (now !== way) cut.push(`${opened}: ${way}, then ${now}`);
      }
      t.diagnostic(`${began.direct} direct, ${began.taken} taken`);
      assert.deepEqual(cut, []);
      assert.ok(began.direct > 20 && began.taken > 20);
    });
  }
});
