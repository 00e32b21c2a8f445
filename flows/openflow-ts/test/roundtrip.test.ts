import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { actionList, decode, decodeHeader, encode, versionName, versions } from "openflow-ts";
import type { ActionVersion } from "../src/version.js";
import { actionsOf } from "./arbitrary/action.js";
import { message } from "./arbitrary/message.js";
import { u32 } from "./arbitrary/scalar.js";

for (const version of versions) {
  test(`OpenFlow ${versionName(version)}: what is encoded is decoded as it was, and encoded again alike`, () => {
    fc.assert(
      fc.property(message(version), u32, (given, xid) => {
        const bytes = encode({ version, xid, message: given });
        assert.equal(decodeHeader(bytes).length, bytes.length);
        const decoded = decode(bytes);
        assert.deepEqual(decoded, { version, xid, message: given });
        assert.deepEqual(encode(decoded), bytes);
      }),
      { numRuns: 1500 },
    );
  });
}

for (const version of [1, 2, 3, 4, 5, 6] as const satisfies readonly ActionVersion[]) {
  test(`actions as OpenFlow ${versionName(version)} has them`, () => {
    fc.assert(
      fc.property(actionsOf(version), (actions) => {
        const bytes = actionList.encode(actions, version);
        assert.equal(bytes.length % 8, 0);
        assert.deepEqual(actionList.decode(bytes, version), actions);
      }),
      { numRuns: 500 },
    );
  });
}
