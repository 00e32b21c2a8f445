import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type EntrySpec,
  formatAddress,
  LookupTable,
  parseAddress,
  TableError,
} from "../../flows/table/index.js";

const optimize = { action: "optimize", peer: "b" } as const;
const pass = { action: "pass" } as const;

/** The name of the entry that decides, as `source:port destination:port`. */
function decide(
  specs: EntrySpec[],
  from: string,
  to: string,
  protocol: "tcp" | "udp" | "icmp" | number = "tcp",
  vlan?: number,
) {
  const [source = "", sourcePort] = from.split(" ");
  const [destination = "", destinationPort] = to.split(" ");
  const ports = { sourcePort: Number(sourcePort ?? 40000), destinationPort: Number(destinationPort ?? 80) };
  return new LookupTable(specs).lookup({
    protocol,
    source,
    destination,
    ...ports,
    ...(vlan !== undefined && { vlan }),
  })?.name;
}

test("an exact entry matches its addresses and no neighbour", () => {
  const table: EntrySpec[] = [
    { name: "e", protocol: "tcp", source: "10.1.0.11", destination: "10.2.0.11", ports: 80, ...optimize },
  ];
  assert.equal(decide(table, "10.1.0.11", "10.2.0.11 80"), "e");
  assert.equal(decide(table, "10.1.0.12", "10.2.0.11 80"), undefined);
  assert.equal(decide(table, "10.1.0.11", "10.2.0.12 80"), undefined);
  assert.equal(decide(table, "10.1.0.11", "10.2.0.11 81"), undefined);
  assert.equal(decide(table, "10.1.0.11", "10.2.0.11 80", "udp"), undefined);
});

test("an entry is directional", () => {
  const table: EntrySpec[] = [{ name: "e", source: "10.1.0.0/24", destination: "10.2.0.0/24", ...optimize }];
  assert.equal(decide(table, "10.1.0.9", "10.2.0.9"), "e");
  assert.equal(decide(table, "10.2.0.9", "10.1.0.9"), undefined);
});

test("prefixes, ranges, sets and any", () => {
  const table: EntrySpec[] = [
    {
      name: "range",
      source: "10.1.0.10-10.1.0.19",
      destination: "any",
      protocol: "tcp",
      ports: ["8000-8099", 443],
      ...optimize,
    },
    { name: "set", source: ["10.3.0.1", "10.4.0.0/16"], protocol: "udp", sourcePorts: 53, ...optimize },
  ];
  assert.equal(decide(table, "10.1.0.10", "192.0.2.1 8000"), "range");
  assert.equal(decide(table, "10.1.0.19", "192.0.2.1 443"), "range");
  assert.equal(decide(table, "10.1.0.20", "192.0.2.1 443"), undefined);
  assert.equal(decide(table, "10.1.0.19", "192.0.2.1 8100"), undefined);
  assert.equal(decide(table, "10.4.255.255 53", "192.0.2.1", "udp"), "set");
  assert.equal(decide(table, "10.3.0.2 53", "192.0.2.1", "udp"), undefined);
});

test("both address families in one entry", () => {
  const table: EntrySpec[] = [
    {
      name: "e",
      source: ["10.1.0.0/24", "fd00:1::/64"],
      destination: ["10.2.0.0/24", "fd00:2::/64"],
      ...optimize,
    },
  ];
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1"), "e");
  assert.equal(decide(table, "fd00:1::1", "fd00:2::1"), "e");
  assert.equal(decide(table, "fd00:1::1", "fd00:3::1"), undefined);
});

test("icmp is another protocol number in IPv6", () => {
  const table: EntrySpec[] = [{ name: "e", protocol: "icmp", ...optimize }];
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1", 1), "e");
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1", 58), undefined);
  assert.equal(decide(table, "fd00:1::1", "fd00:2::1", 58), "e");
});

test("VLANs: one, untagged, any", () => {
  const table: EntrySpec[] = [
    { name: "ten", vlan: 10, ...optimize },
    { name: "none", vlan: "untagged", ...optimize },
  ];
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1", "tcp", 10), "ten");
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1", "tcp", 11), undefined);
  assert.equal(decide(table, "10.1.0.1", "10.2.0.1"), "none");
  assert.equal(decide([{ name: "any", vlan: "any", ...optimize }], "10.1.0.1", "10.2.0.1", "tcp", 11), "any");
});

test("of overlapping entries the first decides", () => {
  const exception: EntrySpec = { name: "exception", protocol: "tcp", ports: 22, ...pass };
  const rule: EntrySpec = { name: "rule", protocol: "tcp", destination: "10.2.0.0/16", ...optimize };
  assert.equal(decide([exception, rule], "10.1.0.1", "10.2.0.1 22"), "exception");
  assert.equal(decide([rule, exception], "10.1.0.1", "10.2.0.1 22"), "rule");
  assert.equal(decide([rule, exception], "10.1.0.1", "10.3.0.1 22"), "exception");
});

const mistakes: [
  what: string,
  spec: Partial<Record<keyof EntrySpec, unknown>>,
  field: string,
  message: RegExp,
][] = [
  ["no address", { source: "client" }, "source", /"client" is not an address; expected an address .* or any/],
  ["host bits", { source: "10.1.0.11/24" }, "source", /did you mean 10\.1\.0\.0\/24\?/],
  ["IPv6 host bits", { source: "fd00:1::5/64" }, "source", /did you mean fd00:1::\/64\?/],
  ["prefix too long", { destination: "10.1.0.0/33" }, "destination", /expected 0 to 32/],
  ["no prefix length", { destination: "10.1.0.0/" }, "destination", /no valid prefix length/],
  ["range backwards", { source: "10.1.0.9-10.1.0.1" }, "source", /ends before it begins/],
  ["range of two families", { source: "10.1.0.9-fd00::1" }, "source", /begins in one address family/],
  ["empty list", { source: [] }, "source", /list of addresses is empty/],
  ["any in a list", { source: ["any", "10.1.0.1"] }, "source", /any stands beside/],
  ["no port", { protocol: "tcp", ports: 65536 }, "ports", /no valid port in "65536"/],
  ["port by name", { protocol: "tcp", ports: "http" }, "ports", /no valid port in "http"/],
  ["ports backwards", { protocol: "tcp", ports: "90-80" }, "ports", /ends before it begins/],
  ["ports without protocol", { ports: 80 }, "ports", /ports need protocol tcp, udp or sctp/],
  ["ports of icmp", { protocol: "icmp", sourcePorts: 80 }, "sourcePorts", /ports need protocol/],
  ["no protocol", { protocol: "tpc" }, "protocol", /"tpc" is not a protocol; expected tcp, udp/],
  ["protocol number", { protocol: 256 }, "protocol", /256 is not a protocol/],
  ["inherited name", { protocol: "constructor" }, "protocol", /is not a protocol/],
  ["vlan 0", { vlan: 0 }, "vlan", /expected 1 to 4094/],
  ["no peer", { action: "optimize", peer: undefined }, "peer", /needs the peer/],
  ["peer of pass", { action: "pass", peer: "b" }, "peer", /has no peer/],
  ["class of pass", { action: "pass", peer: undefined, class: "bulk" }, "class", /has no class/],
  ["no action", { action: "drop" }, "action", /"drop" is not an action/],
  [
    "families apart",
    { source: "10.1.0.1", destination: "fd00::1" },
    "destination",
    /no address family in common/,
  ],
];

for (const [what, fault, field, message] of mistakes) {
  test(`refused: ${what}`, () => {
    const good: EntrySpec = { protocol: "tcp", ...optimize };
    assert.throws(
      () =>
        new LookupTable([
          good,
          { ...(fault.ports !== undefined ? {} : good), ...optimize, ...fault } as EntrySpec,
        ]),
      (error) => {
        assert.ok(error instanceof TableError);
        assert.equal(error.code, "bad-table");
        assert.deepEqual(
          error.problems.map((problem) => [problem.entry, problem.field]),
          [[1, field]],
        );
        assert.match(error.message, message);
        assert.match(error.message, /entry 2, /);
        return true;
      },
    );
  });
}

test("everything that is wrong is reported at once", () => {
  assert.throws(
    () =>
      new LookupTable([
        { source: "x", destination: "y", vlan: 9999, action: "pass" },
        { action: "optimize" },
      ]),
    (error) => error instanceof TableError && error.problems.length === 4,
  );
});

test("an entry that an earlier one covers is reported with it", () => {
  const table = new LookupTable([
    { name: "net", source: "10.0.0.0/8", ...optimize },
    { name: "host", source: "10.1.0.1", protocol: "tcp", ports: 80, ...pass },
    { name: "other", source: "11.0.0.0/8", ...pass },
  ]);
  assert.deepEqual(
    table.shadowed().map(({ entry, by }) => [entry.name, by.map(({ name }) => name)]),
    [["host", ["net"]]],
  );
});

test("an entry that earlier ones cover together is reported, one that sticks out is not", () => {
  const halves: EntrySpec[] = [
    { name: "low", source: "10.0.0.0/9", ...optimize },
    { name: "high", source: "10.128.0.0/9", ...optimize },
  ];
  const shadowed = (spec: EntrySpec) =>
    new LookupTable([...halves, spec]).shadowed().map(({ by }) => by.map(({ name }) => name));
  assert.deepEqual(shadowed({ source: "10.0.0.0/8", protocol: "tcp", ...pass }), [["low", "high"]]);
  assert.deepEqual(shadowed({ source: "10.0.0.0-11.0.0.0", protocol: "tcp", ...pass }), []);
  assert.deepEqual(shadowed({ source: ["10.0.0.0/8", "fd00::/8"], ...pass }), []);
});

/** Small tables over few values, so that overlaps, shadows and misses all happen. */
const someSpec = fc.record({
  protocol: fc.constantFrom<("tcp" | "udp")[]>("tcp", "udp"),
  source: fc.constantFrom("any", "10.0.0.0/31", "10.0.0.1", "10.0.0.1-10.0.0.2", "fd00::/127"),
  destination: fc.constantFrom("any", "10.0.0.2/31", "10.0.0.3"),
  ports: fc.constantFrom<(string | number)[]>("any", 1, "1-2", "2-3"),
  vlan: fc.constantFrom<("any" | "untagged" | 1)[]>("any", "untagged", 1),
});
const someTable = fc
  .array(someSpec, { minLength: 1, maxLength: 8 })
  .map((specs) => specs.filter(({ source, destination }) => !(source.includes(":") && destination !== "any")))
  .map((specs) => new LookupTable(specs.map((spec) => ({ ...spec, ...pass }))));

const someTuples = ["tcp", "udp"].flatMap((protocol) =>
  ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.9", "fd00::1", "fd00::2"].flatMap((source) =>
    [1, 2, 3, 4].flatMap((destinationPort) =>
      [undefined, 1, 2].flatMap((vlan) =>
        (source.includes(":") ? ["fd00::9"] : ["10.0.0.2", "10.0.0.3", "10.0.0.9"]).map((destination) => ({
          protocol: protocol as "tcp" | "udp",
          source,
          destination,
          destinationPort,
          ...(vlan !== undefined && { vlan }),
        })),
      ),
    ),
  ),
);

test("the entry that is found is the first that matches when all are asked one after the other", () => {
  fc.assert(
    fc.property(someTable, (table) => {
      for (const tuple of someTuples) {
        const first = table.entries.find(({ index }) => single(table, index).lookup(tuple) !== undefined);
        assert.equal(table.lookup(tuple), first);
      }
    }),
  );
});

test("an entry that is reported as shadowed never decides, and one that always loses is reported", () => {
  fc.assert(
    fc.property(someTable, (table) => {
      const deciding = new Set(someTuples.map((tuple) => table.lookup(tuple)));
      const shadowed = new Set(table.shadowed().map(({ entry }) => entry));
      for (const entry of table.entries) {
        if (deciding.has(entry)) assert.ok(!shadowed.has(entry), `${entry.name} decides and is reported`);
      }
    }),
  );
});

test("the matching entry that ranks highest is the first that matches", () => {
  fc.assert(
    fc.property(someTable, (table) => {
      const ranks = table.ranks();
      for (const tuple of someTuples) {
        const matching = table.entries.filter(
          ({ index }) => single(table, index).lookup(tuple) !== undefined,
        );
        const top = Math.min(...matching.map(({ index }) => ranks[index]!));
        const winners = matching.filter(({ index }) => ranks[index] === top);
        assert.ok(winners.length <= 1, "two entries of one rank match the same packet");
        assert.equal(winners[0], table.lookup(tuple));
      }
    }),
  );
});

const singles = new WeakMap<LookupTable, LookupTable[]>();
/** A table of the one entry alone. */
function single(table: LookupTable, index: number): LookupTable {
  let tables = singles.get(table);
  if (!tables) {
    tables = table.entries.map((entry) => Object.assign(new LookupTable([]), { entries: [entry] }));
    singles.set(table, tables);
  }
  return tables[index]!;
}

test("entries that do not overlap share a rank, and an exception moves only what it overlaps", () => {
  const hosts: EntrySpec[] = Array.from({ length: 50 }, (_, i) => ({ source: `10.0.0.${i}`, ...optimize }));
  assert.deepEqual([...new Set(new LookupTable(hosts).ranks())], [0]);
  const ranks = new LookupTable([
    { source: "10.0.0.7", protocol: "tcp", ports: 22, ...pass },
    ...hosts,
  ]).ranks();
  assert.deepEqual(
    ranks.flatMap((rank, index) => (rank > 0 ? [index] : [])),
    [8],
  );
});

test("ten thousand entries of which none is alike are ranked and searched for shadows", () => {
  const table = new LookupTable(
    Array.from({ length: 10_000 }, (_, i) => ({
      source: `10.${i >> 8}.${i & 255}.0/24`,
      destination: `172.16.${i >> 8}.${i & 255}`,
      ...optimize,
    })),
  );
  assert.equal(new Set(table.ranks()).size, 1);
  assert.deepEqual(table.shadowed(), []);
});

test("a thousand entries that overlap all the others are searched for shadows", () => {
  const staggered = Array.from({ length: 1000 }, (_, i): EntrySpec => {
    const ports = `${1 + i}-${2000 + i}`;
    return { protocol: "tcp", source: `10.0.${i & 255}.0-10.2.${i & 255}.0`, ports, ...optimize };
  });
  const hidden: EntrySpec = { name: "hidden", protocol: "tcp", source: "10.1.0.0/24", ports: 1500, ...pass };
  assert.deepEqual(
    new LookupTable([...staggered, hidden]).shadowed().map(({ entry, by }) => [entry.name, by.length]),
    [["hidden", 1]],
  );
});

test("addresses are written as RFC 5952 has it and read back", () => {
  const forms: [text: string, canonical: string][] = [
    ["10.1.0.11", "10.1.0.11"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["fd00:1:0:0:0:0:0:0", "fd00:1::"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
  ];
  for (const [text, canonical] of forms) assert.equal(formatAddress(parseAddress(text)!), canonical);
  for (const text of ["", "10.1.0", "10.1.0.256", "fe80::1%eth0", "1::2::3", "10.1.0.1/24"]) {
    assert.equal(parseAddress(text), undefined);
  }
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const address = parseAddress(text)!;
      assert.deepEqual(parseAddress(formatAddress(address)), address);
    }),
  );
});
