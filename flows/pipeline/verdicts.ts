import type { Action, FieldMatch } from "openflow-ts";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { tableNumber, verdictPriority } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import type { Steps } from "./steps.js";
import { FIRST_PACKET, tcp } from "./tcp.js";

/** The flows that take a packet or let it go, by what the tables before have written into the register. */
export function verdictFlows(input: PipelineInput, steps: Steps): Flow[] {
  const { families, canary, timeouts, layout } = input;
  const { register, take, letGo } = steps;
  const table = tableNumber(layout, "verdict");
  const verdict = (
    step: keyof typeof verdictPriority,
    match: readonly FieldMatch[],
    actions: readonly Action[],
    peer = 0,
  ) => flow(table, verdictPriority[step], steps.cookie(FlowKind.VERDICT, peer), match, apply(...actions));
  const { idle } = timeouts;

  const taken = [...input.peersUp].flatMap((name) => {
    const peer = input.peers.get(name)!;
    const met = register.match({ peer, alive: 1, canary });
    return families.map((family) =>
      verdict(
        "take",
        [met, ...tcp(family), FIRST_PACKET],
        [steps.learn(1, { family, peer, idle }), ...take],
        peer,
      ),
    );
  });
  const abandoned = families.map((family) =>
    verdict(
      "abandon",
      [register.match({ known: 1 }), ...tcp(family), FIRST_PACKET],
      [steps.learn(0, { family, idle }), ...letGo],
    ),
  );
  return [
    ...taken,
    ...abandoned,
    verdict("connection", [register.match({ known: 1, canary })], take),
    verdict("otherwise", [], letGo),
  ];
}
