import type { FieldMatch } from "openflow-ts";
import { type Entry, type Family, formatAddress, type LookupTable } from "../table/index.js";
import { includes, type RangeSet } from "../table/range.js";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { tableNumber } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import type { Steps } from "./steps.js";
import { PROTOCOL_TCP, tcp, tupleFields } from "./tcp.js";

/** Where connections that are taken go to. */
export interface Destination {
  readonly family: Family;
  readonly address: bigint;
  readonly port: number;
}

/**
 * Form `rewrite`: packets to the destination go to this address and port of the edge instead, and what comes from there
 * comes from the destination. Each destination has a port of its own: by it the edge knows the destination, and two
 * connections of a client that differ in their destination alone stay two.
 */
export interface Exit {
  readonly destination: Destination;
  readonly address: bigint;
  readonly port: number;
}

/** With the form `rewrite` a table may have so many destinations: each takes a listening port. */
export const MOST_DESTINATIONS = 4096;

/** An entry names more destinations than the form `rewrite` can give ports to. */
export class TooManyDestinationsError extends Error {
  readonly code = "too-many-destinations";
  readonly entry: Entry;

  constructor(entry: Entry) {
    super(
      `entry ${entry.index + 1} (${entry.name}): the form rewrite needs a listening port for each destination address ` +
        `and port, at most ${MOST_DESTINATIONS} in all; name single addresses and ports, or use the form transparent`,
    );
    this.name = "TooManyDestinationsError";
    this.entry = entry;
  }
}

/** Names a destination, as `10.2.0.11 80`. */
export function destinationKey({ family, address, port }: Destination): string {
  return `${formatAddress({ family, value: address })} ${port}`;
}

/** The destinations of all entries that take TCP, by key. Throws `TooManyDestinationsError`. */
export function destinationsOf(table: LookupTable, families: readonly Family[]): Map<string, Destination> {
  const destinations = new Map<string, Destination>();
  for (const entry of table.entries) {
    if (entry.action.type !== "optimize") continue;
    for (const { family, protocol, destination, destinationPort } of entry.regions) {
      if (!families.includes(family) || !includes(protocol, PROTOCOL_TCP)) continue;
      if (size(destination) * size(destinationPort) > MOST_DESTINATIONS)
        throw new TooManyDestinationsError(entry);
      for (const address of values(destination)) {
        for (const port of values(destinationPort)) {
          const found = { family, address, port: Number(port) };
          destinations.set(destinationKey(found), found);
        }
      }
    }
    if (destinations.size > MOST_DESTINATIONS) throw new TooManyDestinationsError(entry);
  }
  return destinations;
}

function size(set: RangeSet): bigint {
  return set.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

function* values(set: RangeSet): Generator<bigint> {
  for (const { first, last } of set) {
    for (let value = first; value <= last; value++) yield value;
  }
}

/** The flows that rewrite packets on their way to the edge, and those that rewrite them back. */
export function exitFlows(input: PipelineInput, steps: Steps): Flow[] {
  if (!input.exits) return [];
  const cookie = steps.cookie(FlowKind.EXIT);
  const [there, back] = (["rewrite", "restore"] as const).map((name) => tableNumber(input.layout, name));
  const flows = input.exits.flatMap(({ destination, address, port }) => {
    const { family } = destination;
    const fields = tupleFields[family];
    const end = (
      side: "source" | "destination",
      at: { address: bigint; port: number },
    ): [FieldMatch, FieldMatch] => [
      { field: fields[side], value: at.address },
      { field: side === "source" ? "tcp_src" : "tcp_dst", value: BigInt(at.port) },
    ];
    const set = (parts: readonly FieldMatch[]) =>
      parts.map((field) => ({ type: "set_field", field }) as const);
    const edge = { address, port };
    return [
      flow(
        there!,
        EXIT_PRIORITY,
        cookie,
        [...tcp(family), ...end("destination", destination)],
        apply(...set(end("destination", edge)), ...steps.deliver),
      ),
      flow(
        back!,
        EXIT_PRIORITY,
        cookie,
        [...tcp(family), ...end("source", edge)],
        apply(...set(end("source", destination))),
      ),
    ];
  });
  return [...flows, flow(there!, 0, cookie, [], apply(...steps.letGo))];
}

const EXIT_PRIORITY = 1;
