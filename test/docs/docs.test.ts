import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { jsonSchema, loadConfig } from "../../plugin/config/index.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith(".md"),
);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly default?: unknown;
}

/** Every field of the configuration, as the reference names it, with its default, or "required". */
function* fields(schema: Schema, path = ""): Generator<readonly [path: string, value: unknown]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const own = `${path}${name}`;
    const below = field.properties === undefined ? (field.items ?? field.additionalProperties) : field;
    const isGroup = field.properties !== undefined;
    if (!isGroup) yield [own, schema.required?.includes(name) ? "required" : field.default];
    if (typeof below !== "object") continue;
    // A bridge of the list has the fields that the only one has at the top.
    if (own === "bridges") yield [`${own}[].bridge`, "required"];
    else if (isGroup) yield* fields(below, `${own}.`);
    else yield* fields(below, field.items === undefined ? `${own}.NAME.` : `${own}[].`);
  }
}

describe("docs/operations.md", () => {
  const rows = new Map(
    [...read("docs/operations.md").matchAll(/^\| `([^`]+)` +\| ([^|]+) \|/gm)].map(
      ([, path, value]) => [path!, value!.trim().replaceAll("`", "")] as const,
    ),
  );

  it("has no fields that there are not", () => {
    const known = new Set([...fields(jsonSchema())].map(([path]) => path));
    const groups = new Set([...known].map((path) => path.split(/[.[]/)[0]));
    const written = [...rows.keys()].filter((path) => groups.has(path.split(/[.[]/)[0]!));
    assert.deepEqual(
      written.filter((path) => !known.has(path)),
      [],
    );
  });

  for (const [path, value] of fields(jsonSchema())) {
    it(`has ${path} with its default`, () => {
      const written = rows.get(path);
      assert.ok(written !== undefined, "there is no row for it");
      if (value === undefined) assert.notEqual(written, "required");
      else assert.equal(written, typeof value === "string" ? value : JSON.stringify(value));
    });
  }
});

describe("README.md", () => {
  const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-docs-"));
  after(() => rmSync(directory, { recursive: true }));
  const configurations = [...read("README.md").matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => text!);

  it("has configurations that are valid, and each other's peer", () => {
    const [a, b] = configurations.map((text, index) => {
      const path = join(directory, `${index}.yaml`);
      writeFileSync(path, text);
      return loadConfig(path);
    });
    assert.deepEqual([a!.site, b!.site], ["a", "b"]);
    assert.deepEqual(a!.peers.get("b")?.endpoint, b!.mover.listen);
    assert.deepEqual(b!.peers.get("a")?.endpoint, a!.mover.listen);
  });
});

describe("docs/claims.md", () => {
  const rows = [...read("docs/claims.md").matchAll(/^\| (R\d+) +\|.*\|$/gm)].map(([row]) => row.split("|"));

  it("has all seventeen rows, each with a state", () => {
    assert.deepEqual(
      rows.map(([, name]) => name!.trim()),
      Array.from({ length: 17 }, (_, index) => `R${index + 1}`),
    );
    for (const [, name, , , , state] of rows) assert.match(state!, /^ (done|partly|not yet)/, name);
  });

  it("names code and tests that are there", () => {
    for (const [, name, , code, test] of rows) {
      for (const [, path] of `${code} ${test}`.matchAll(/`((?:driver|flows|ovs-lab|plugin|test)\/[^`]*)`/g)) {
        assert.ok(existsSync(join(root, path!)), `${name}: ${path}`);
      }
    }
  });

  it("has a test for what is done", () => {
    for (const [, name, , , test, state] of rows) {
      if (state!.startsWith(" done")) assert.match(test!, /`test\/[^`]+\.test\.ts`/, name);
    }
  });
});

/** As GitHub makes them: lower case, spaces to hyphens, punctuation gone. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}

describe("links between pages", () => {
  for (const page of pages) {
    it(`of ${page} lead somewhere`, () => {
      for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [path = "", fragment] = target!.split("#");
        const file = path === "" ? page : join(dirname(page), path);
        assert.ok(existsSync(join(root, file)), target);
        if (fragment === undefined) continue;
        const anchors = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));
        assert.ok(anchors.includes(fragment), target);
      }
    });
  }
});
