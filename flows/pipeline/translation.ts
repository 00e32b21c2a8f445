import type { Action, FieldMatch } from "openflow-ts";
import type { Family } from "../table/index.js";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { tableNumber } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import type { Steps } from "./steps.js";
import { tcp, tupleFields } from "./tcp.js";

/** The ends of a TCP connection, as the packets of one direction have them. */
export interface Ends {
  readonly family: Family;
  readonly source: bigint;
  readonly sourcePort: number;
  readonly destination: bigint;
  readonly destinationPort: number;
}

/** Form `rewrite`: the ends of one connection, in the direction towards the edge: on the LAN, and as the edge has them. */
export interface Translation {
  readonly outside: Ends;
  readonly inside: Ends;
}

const TRANSLATION_PRIORITY = 1;

/** The flows of one connection: that which rewrites its packets on their way to the edge, and that which does so back. */
export function translationFlows(
  { outside, inside }: Translation,
  { layout, timeouts }: PipelineInput,
  steps: Steps,
): Flow[] {
  const { idle, finIdle } = timeouts;
  const cookie = steps.cookieOfRound(FlowKind.TRANSLATION);
  const ends: Action = { type: "fin_timeout", idleTimeout: finIdle, hardTimeout: 0 };
  const rewriting = (table: "rewrite" | "restore", from: Ends, to: Ends, then: readonly Action[]): Flow => ({
    ...flow(
      tableNumber(layout, table),
      TRANSLATION_PRIORITY,
      cookie,
      [...tcp(from.family), ...fields(from)],
      apply(ends, ...changes(from, to), ...then),
    ),
    idleTimeout: idle,
  });
  return [
    rewriting("rewrite", outside, inside, steps.deliver),
    rewriting("restore", reversed(inside), reversed(outside), []),
  ];
}

/** What stays in the tables of translations: a packet whose connection has none is let go. */
export function withoutTranslation({ layout }: PipelineInput, steps: Steps): Flow {
  return flow(tableNumber(layout, "rewrite"), 0, steps.cookie(FlowKind.EXIT), [], apply(...steps.letGo));
}

function fields({ family, ...ends }: Ends): FieldMatch[] {
  const { source, destination } = tupleFields[family];
  return [
    { field: source, value: ends.source },
    { field: destination, value: ends.destination },
    { field: "tcp_src", value: BigInt(ends.sourcePort) },
    { field: "tcp_dst", value: BigInt(ends.destinationPort) },
  ];
}

function changes(from: Ends, to: Ends): Action[] {
  const before = fields(from);
  return fields(to)
    .filter(({ value }, i) => value !== before[i]!.value)
    .map((field) => ({ type: "set_field", field }));
}

function reversed({ family, source, sourcePort, destination, destinationPort }: Ends): Ends {
  return {
    family,
    source: destination,
    sourcePort: destinationPort,
    destination: source,
    destinationPort: sourcePort,
  };
}
