import { readFileSync } from "node:fs";

/** How a case is run: directly, or through us. */
export type Way = "direct" | "early" | "confirmed";

export interface Seen {
  readonly client: string;
  readonly server: string;
}

/** One line of the conformance list. */
export interface Case {
  readonly name: string;
  readonly circumstances: string;
  readonly client: readonly string[];
  readonly server: readonly string[];
  readonly sees: Seen;
  /** What is seen instead where that cannot be the same, and why. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly way: Way;
  readonly sees: Seen;
  readonly why: string;
}

/** The list as it stands in the file: its tables' headings tell the kinds of their lines. @throws Error naming a bad line */
export function readCases(path: string): Case[] {
  const cases = new Map<string, Case & { differences: Difference[] }>();
  const differ = (name: string, way: string, client: string, server: string, why: string) => {
    const of = cases.get(name);
    if (of === undefined) throw new Error(`a difference of "${name}", which is no case`);
    if (way !== "early" && way !== "confirmed") throw new Error(`"${name}": no such way, ${way}`);
    if (why === "") throw new Error(`"${name}" differs without a reason`);
    of.differences.push({ way, sees: { client, server }, why });
  };
  for (const { heading, cells } of tableLines(readFileSync(path, "utf8"))) {
    const [name = "", ...rest] = cells;
    const [one = "", two = "", three = "", four = "", five = ""] = rest;
    switch (heading) {
      case "case|circumstances|client|server|client sees|server sees":
        if (cases.has(name)) throw new Error(`the case "${name}" stands twice`);
        cases.set(name, {
          name,
          circumstances: one,
          client: two.split(", "),
          server: three.split(", "),
          sees: { client: four, server: five },
          differences: [],
        });
        break;
      case "case|client sees|server sees|why":
        differ(name, "early", one, two, three);
        break;
      case "case|accept|client sees|server sees|why":
        for (const way of one.split(" and ")) differ(name, way, two, three, four);
        break;
      default:
        throw new Error(`a table with the heading "${heading}"`);
    }
  }
  return [...cases.values()];
}

/** What is to be seen of a case that is run in this way. */
export function expectation({ sees, differences }: Case, way: Way): Seen {
  return differences.find((difference) => difference.way === way)?.sees ?? sees;
}

/** Whether what was seen is what the list says: `A or B` is either of them, `0-100 bytes` any number up to 100. */
export function isSeen(expected: string, seen: readonly string[]): boolean {
  const wanted = expected === "" ? [] : expected.split(", ");
  const got = seen.flatMap((one) => one.split(", "));
  return wanted.length === got.length && wanted.every((want, index) => fits(want, got[index]!));
}

function fits(want: string, got: string): boolean {
  const [, low, high] = /^(\d+)-(\d+) bytes$/.exec(want) ?? [];
  if (low === undefined || high === undefined) return want.split(" or ").includes(got);
  const [, bytes] = /^(\d+) bytes$/.exec(got) ?? [];
  return bytes !== undefined && Number(bytes) >= Number(low) && Number(bytes) <= Number(high);
}

function* tableLines(text: string): Iterable<{ heading: string; cells: string[] }> {
  let heading: string | undefined;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) {
      heading = undefined;
      continue;
    }
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.every((cell) => /^-+$/.test(cell))) continue;
    if (heading === undefined) heading = cells.join("|");
    else yield { heading, cells };
  }
}
