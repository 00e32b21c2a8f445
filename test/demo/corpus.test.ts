import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { Lz4Compressor } from "../../driver/lz4.js";
import { containerRecords } from "../../ovs-lab/demo/container.js";
import { checkSpace, sha256OfStart, writeCorpus } from "../../ovs-lab/demo/corpus.js";
import { journalLines } from "../../ovs-lab/demo/journal.js";

const SIZE = 5_000_001;
/** As much as the packet driver compresses at once. */
const BUFFER_BYTES = 64 * 1024;

/** Original over compressed, each buffer on its own. */
function ratio(bytes: Buffer): number {
  const compressor = new Lz4Compressor();
  const output = Buffer.alloc(BUFFER_BYTES);
  let compressed = 0;
  for (let start = 0; start < bytes.length; start += BUFFER_BYTES) {
    const input = bytes.subarray(start, start + BUFFER_BYTES);
    compressed += compressor.compress(input, output) || input.length;
  }
  return bytes.length / compressed;
}

describe("corpora", () => {
  let directory: string;
  const path = (name: string) => join(directory, name);
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "ovs-tpo-corpus-"));
    await writeCorpus(path("data"), "data", SIZE);
    await writeCorpus(path("text"), "text", SIZE);
  });
  after(() => rmSync(directory, { recursive: true }));

  it("have the size asked for, to the byte", () => {
    assert.equal(readFileSync(path("data")).length, SIZE);
    assert.equal(readFileSync(path("text")).length, SIZE);
  });

  it("are the same each time", async () => {
    for (const name of ["data", "text"] as const) {
      await writeCorpus(path("again"), name, SIZE);
      assert.ok(readFileSync(path("again")).equals(readFileSync(path(name))), name);
    }
  });

  it("of data is not made smaller by LZ4", () => {
    assert.ok(ratio(readFileSync(path("data"))) < 1.01);
  });

  it("of text is made much smaller by LZ4, and not absurdly so", () => {
    const found = ratio(readFileSync(path("text")));
    assert.ok(found > 2.5 && found < 6, `ratio ${found}`);
  });

  it("of text is lines of printable characters that do not repeat", () => {
    const lines = readFileSync(path("text"), "latin1").split("\n").slice(0, -1);
    for (const line of lines) assert.match(line, /^[ -~]+$/);
    assert.ok(new Set(lines).size > lines.length * 0.999);
  });

  it("have a digest of their start", async () => {
    const bytes = readFileSync(path("data"));
    for (const length of [0, 1, 1234567, SIZE]) {
      const expected = createHash("sha256").update(bytes.subarray(0, length)).digest("hex");
      assert.equal(await sha256OfStart(path("data"), length), expected);
    }
  });

  it("are refused where there is no space", async () => {
    await checkSpace(directory, 1);
    await assert.rejects(checkSpace(directory, 1e18), { code: "NO_SPACE", message: /MB free .* --size/ });
  });
});

describe("container", () => {
  it("is records that its own headers describe", () => {
    const records = containerRecords(1);
    for (let number = 0; number < 50; number++) {
      const { value } = records.next();
      assert.equal(value.toString("latin1", 0, 4), "RECD");
      assert.equal(value.readUInt32LE(8), number);
      assert.equal(value.readUInt32LE(12), value.length - 32);
      assert.equal(value.readUInt32LE(24), crc32(value.subarray(32)));
    }
  });

  it("differs by its seed", () => {
    assert.notDeepEqual(containerRecords(1).next().value, containerRecords(2).next().value);
    assert.notDeepEqual(journalLines(1).next().value, journalLines(2).next().value);
  });
});
