import fc from "fast-check";
import type { EntrySpec } from "../../flows/index.js";

const spec = fc.record({
  protocol: fc.constantFrom<("tcp" | "udp" | "any")[]>("tcp", "tcp", "any", "udp"),
  source: fc.constantFrom("any", "10.0.0.0/31", "10.0.0.1", "10.0.0.1-10.0.0.2", "fd00::/127"),
  destination: fc.constantFrom("any", "10.0.0.2/31", "10.0.0.3-10.0.0.9"),
  ports: fc.constantFrom<(string | number)[]>("any", 1, "1-2", "2-4"),
  vlan: fc.constantFrom<("any" | "untagged" | 1)[]>("any", "any", "untagged", 1),
  peer: fc.constantFrom("b", "c", undefined),
});
/** Tables of a few entries over few values, so that overlaps, shadows and misses all happen. */
export const someSpecs = fc.array(spec, { maxLength: 8 }).map((list) =>
  list
    .filter(({ source, destination }) => !(source.includes(":") && destination !== "any"))
    .map(({ peer, ports, protocol, ...rest }): EntrySpec => {
      const action =
        peer === undefined ? ({ action: "pass" } as const) : ({ action: "optimize", peer } as const);
      return { ...rest, ...action, protocol, ...(protocol !== "any" && { ports }) };
    }),
);
/** The 5-tuple and VLAN of a connection that one of these tables may have. */
export const someSyn = fc
  .record({
    source: fc.constantFrom("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.5", "fd00::1", "fd00::2"),
    destination: fc.constantFrom("10.0.0.2", "10.0.0.3", "10.0.0.9", "10.0.0.10"),
    sourcePort: fc.integer({ min: 1, max: 3 }),
    destinationPort: fc.integer({ min: 1, max: 5 }),
    vlan: fc.constantFrom(undefined, 1, 10),
  })
  .map((fields) => (fields.source.includes(":") ? { ...fields, destination: "fd00::9" } : fields));
