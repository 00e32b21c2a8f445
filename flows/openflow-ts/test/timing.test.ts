import assert from "node:assert/strict";
import { test } from "node:test";
import { Keepalive, Reconnect } from "openflow-ts";

/** When, what is done, and what `run` says then. */
type Step = readonly [number, "run" | "received" | "attempted", ("probe" | "expire" | undefined)?];

const keepaliveCases: readonly (readonly [string, readonly Step[]])[] = [
  ["nothing is done before the interval is over", [[999, "run", undefined]]],
  ["silence is probed", [[1000, "run", "probe"]]],
  [
    "what comes in puts the probe off",
    [
      [500, "received"],
      [1000, "run", undefined],
      [1500, "run", "probe"],
    ],
  ],
  [
    "silence after the probe is the end",
    [
      [1000, "run", "probe"],
      [1999, "attempted"],
      [1999, "run", undefined],
      [2000, "attempted"],
      [2000, "run", "expire"],
    ],
  ],
  [
    "an answer to the probe begins anew",
    [
      [1000, "run", "probe"],
      [1500, "received"],
      [2400, "run", undefined],
      [2500, "run", "probe"],
    ],
  ],
  [
    "a process that was blocked reads before it judges",
    [
      [1000, "run", "probe"],
      [60_000, "run", undefined],
      [60_000, "received"],
      [60_000, "run", undefined],
    ],
  ],
  [
    "a process that was blocked, and found nothing to read, judges then",
    [
      [1000, "run", "probe"],
      [60_000, "run", undefined],
      [60_000, "attempted"],
      [60_000, "run", "expire"],
    ],
  ],
  [
    "a process that was blocked before the probe probes first",
    [
      [60_000, "run", "probe"],
      [60_500, "attempted"],
      [60_500, "run", undefined],
    ],
  ],
];

for (const [name, steps] of keepaliveCases) {
  test(`keepalive: ${name}`, () => {
    const keepalive = new Keepalive(1000, 0);
    for (const [now, step, expected] of steps) {
      if (step === "run") assert.equal(keepalive.run(now), expected, `at ${now}`);
      else keepalive[step](now);
    }
  });
}

/** When, what is done, the state after it, and what `run` says or when it is to be called next. */
type ReconnectStep = readonly [
  number,
  "enable" | "disable" | "connected" | "disconnected" | "run",
  Reconnect["state"],
  ("connect" | "abandon" | undefined)?,
  number?,
];

const reconnectCases: readonly (readonly [string, readonly ReconnectStep[]])[] = [
  [
    "the first attempt is made at once",
    [
      [0, "enable", "backoff", undefined, 0],
      [0, "run", "connecting", "connect", 5000],
    ],
  ],
  [
    "failures wait twice as long each, up to the greatest time",
    [
      [0, "enable", "backoff"],
      [0, "run", "connecting", "connect"],
      [10, "disconnected", "backoff", undefined, 510],
      [509, "run", "backoff"],
      [510, "run", "connecting", "connect"],
      [510, "disconnected", "backoff", undefined, 1510],
      [1510, "run", "connecting", "connect"],
      [1510, "disconnected", "backoff", undefined, 3510],
      [3510, "run", "connecting", "connect"],
      [3510, "disconnected", "backoff", undefined, 5510],
    ],
  ],
  [
    "an attempt that takes too long is given up",
    [
      [0, "enable", "backoff"],
      [0, "run", "connecting", "connect"],
      [4999, "run", "connecting"],
      [5000, "run", "backoff", "abandon", 5500],
      [5001, "disconnected", "backoff", undefined, 5500],
    ],
  ],
  [
    "a connection that lasted is made again at once",
    [
      [0, "enable", "backoff"],
      [0, "run", "connecting", "connect"],
      [5, "connected", "up"],
      [9000, "disconnected", "backoff", undefined, 9000],
      [9000, "run", "connecting", "connect"],
    ],
  ],
  [
    "one that did not outlast the last wait counts as a failure",
    [
      [0, "enable", "backoff"],
      [0, "run", "connecting", "connect"],
      [0, "disconnected", "backoff", undefined, 500],
      [500, "run", "connecting", "connect"],
      [500, "connected", "up"],
      [900, "disconnected", "backoff", undefined, 1900],
    ],
  ],
  [
    "switched off, it does nothing more",
    [
      [0, "enable", "backoff"],
      [0, "disable", "void"],
      [10_000, "run", "void"],
      [10_000, "disconnected", "void"],
    ],
  ],
];

for (const [name, steps] of reconnectCases) {
  test(`reconnect: ${name}`, () => {
    const reconnect = new Reconnect({ minBackoff: 500, maxBackoff: 2000, connectTimeout: 5000 });
    for (const [now, step, state, action, deadline] of steps) {
      if (step === "run") assert.equal(reconnect.run(now), action, `at ${now}`);
      else reconnect[step](now);
      assert.equal(reconnect.state, state, `after ${step} at ${now}`);
      if (deadline !== undefined) assert.equal(reconnect.deadline, deadline);
    }
  });
}
