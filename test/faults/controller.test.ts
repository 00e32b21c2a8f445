import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bridgeDump, until } from "../end-to-end/site.js";
import { ECHO, Ground, hosts } from "./ground.js";
import { Held } from "./held.js";

// The build holds no Python: the application is where its source is.
const learningSwitch = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../test/faults/learning-switch.py",
);
const PORT = 6653;

const controllers: readonly { name: string; program: string; package: string; words: string[] }[] = [
  {
    name: "os-ken's learning switch",
    program: "/usr/bin/osken-manager",
    package: "python3-os-ken",
    words: ["--ofp-tcp-listen-port", `${PORT}`, learningSwitch],
  },
  {
    name: "ovs-testcontroller",
    program: "/usr/bin/ovs-testcontroller",
    package: "openvswitch-testcontroller",
    words: [`ptcp:${PORT}:127.0.0.1`, "--max-idle=permanent"],
  },
];

describe("a bridge that another controller owns", { timeout: 120_000 }, () => {
  let ground: Ground;

  before(async () => {
    ground = await Ground.up("faults-owner", { plugin: false });
    await ground.lab.plugin("b").start();
  });
  after(() => ground?.down());

  /** The controller in charge of the bridge, which forwards by its flows alone. */
  async function own(program: string, words: readonly string[]): Promise<ChildProcess> {
    const controller = ground.lab.spawn("a-switch", [program, ...words], { stdio: "ignore" });
    await ground.ofctl("del-flows");
    // With its last controller, a bridge has lost these as well.
    await ground.ofctl("add-group", "group_id=7,type=indirect,bucket=actions=NORMAL");
    await ground.ofctl("add-meter", "meter=7,kbps,band=type=drop,rate=1000000");
    await ground.ofctl("add-flow", "cookie=0x7,priority=70,udp,tp_dst=7,actions=meter:7,group:7");
    await ground.ofctl("add-flow", "table=7,cookie=0x54504e,priority=7,actions=NORMAL");
    await ground.vsctl(
      "set-fail-mode",
      "br0",
      "secure",
      "--",
      "set-controller",
      "br0",
      `tcp:127.0.0.1:${PORT}`,
    );
    await until(
      "the controller has the bridge",
      async () => (await ground.ofctl("dump-flows")).includes("CONTROLLER"),
      20_000,
    );
    return controller;
  }

  for (const { name, program, package: debian, words } of controllers) {
    test(`${name}: it forwards the others, ours are steered, and it finds its bridge as it left it`, async (t) => {
      assert.ok(existsSync(program), `${program} is not there: install ${debian}`);
      const controller = await own(program, words);
      const plugin = ground.lab.plugin("a");
      try {
        // Both controllers' flows stay, so what is there after all hosts have spoken is all there will be.
        const foreign = await Held.start(ground.lab, "a-host2", hosts.foreignServer, ECHO, 2);
        const direct = await ground.openings({ through: false });
        await sleep(1000);
        const before = direct.since(0, Date.now() - 500);
        assert.ok(before.length > 0 && before.every((opening) => opening.direct));
        await direct.stop();
        const found = await bridgeLines();
        const theirs = found.filter((line) => line.includes("priority="));
        // To a controller that learns, the plugin's port is a host like any other, and gets flows of its own.
        const about: string[] = [];
        const attach = async () => {
          await plugin.start();
          await plugin.ready();
          const { ofport, mac } = (await ground.status())!.steering;
          about.push(`in_port=${ofport},`, `dl_dst=${mac}`);
        };
        await attach();
        const openings = await ground.openings();
        await sleep(1000);
        const since = Date.now() - 900;
        // A connection's first packets go by way of that controller, which takes its time.
        const steered = () => openings.since(since, since + 300);
        await until("they are greeted", () => steered().every(({ result }) => result !== undefined));
        assert.deepEqual(
          steered().filter(({ direct, result }) => direct || result !== "ok"),
          [],
        );
        t.diagnostic(
          `${steered().length} connections in 0.3 s, all through it; foreign gap ${foreign.longestGap} ms`,
        );
        const during = await bridgeDump(ground.lab, "a");
        assert.ok(theirs.every((flow) => during.includes(flow)));
        await openings.stop();
        await plugin.stop();
        assert.deepEqual(await bridgeLines(about), found);
        await attach();
        await plugin.kill();
        assert.match(await bridgeDump(ground.lab, "a"), /0x54504f/);
        await attach();
        await plugin.stop();
        assert.deepEqual(await bridgeLines(about), found, "after kill -9, a start and a stop");
        assert.doesNotMatch(await bridgeDump(ground.lab, "a"), /0x54504f|tpo0/);
        assert.deepEqual([...foreign.ends], []);
        await foreign.stop();
      } finally {
        await plugin.stop();
        await ground.vsctl("del-controller", "br0", "--", "del-fail-mode", "br0");
        const ended = once(controller, "exit");
        controller.kill("SIGKILL");
        await ended;
      }
    });
  }

  /**
   * The bridge's flows, groups, meters and ports, a line each, but for what the other controller has learned of ours, and of
   * hosts that ask for each other now and then.
   */
  async function bridgeLines(about: readonly string[] = []): Promise<string[]> {
    const lines = (await bridgeDump(ground.lab, "a")).split("\n").map((line) => line.trim());
    const passing = [...about, "priority=1,arp,", "priority=1,icmp6,"];
    return lines.filter((line) => !passing.some((part) => line.includes(part))).sort();
  }
});
