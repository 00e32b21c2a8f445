import type { Action, FieldMatch } from "openflow-ts";
import type { LookupTable } from "../table/index.js";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { tableNumber, verdictPriority } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import { DOWN } from "./register.js";
import type { Steps } from "./steps.js";
import { FIRST_PACKET, tcp } from "./tcp.js";

/** The flows that take a packet or let it go, by what the tables before have written into the register. */
export function verdictFlows(input: PipelineInput, steps: Steps): Flow[] {
  const { families, canary, layout } = input;
  const { register, take, letGo } = steps;
  const table = tableNumber(layout, "verdict");
  const verdict = (
    step: keyof typeof verdictPriority,
    match: readonly FieldMatch[],
    actions: readonly Action[],
    cookie = steps.cookie(FlowKind.VERDICT),
  ) => flow(table, verdictPriority[step], cookie, match, apply(...actions));
  const alive = { alive: 1, canary };
  const policies = policiesOf(input.table);

  const abandoned = families.map((family) =>
    verdict("abandon", [register.match({ known: 1 }), ...tcp(family), FIRST_PACKET], steps.abandon(family)),
  );
  return [
    ...(input.taking ? newConnections() : []),
    ...closing(),
    ...abandoned,
    verdict("connection", [register.match({ known: 1, canary })], take),
    verdict("otherwise", [], letGo),
  ];

  function numbers(names: ReadonlySet<string>): number[] {
    return [...names].map((name) => input.peers.get(name)!);
  }

  /** What was taken before goes on; of which clients it has asked about already, the plugin alone knows. */
  function closing(): Flow[] {
    const asks = policies.has("confirmed");
    const passing = input.taking ? { down: DOWN.pass } : {};
    return numbers(input.peersClosing).flatMap((peer) =>
      families.flatMap((family) => {
        const syn = [...tcp(family), FIRST_PACKET];
        const keep = [register.match({ peer, known: 1, ...alive }), ...syn];
        const ask = [register.match({ peer, confirmed: 1, ...passing, ...alive }), ...syn];
        return [
          verdict("keep", keep, take, steps.cookie(FlowKind.VERDICT, peer)),
          ...(asks ? [verdict("ask", ask, steps.hand, steps.cookie(FlowKind.CONFIRM, peer))] : []),
        ];
      }),
    );
  }

  function newConnections(): Flow[] {
    const peers = numbers(input.peersUp);
    return families.flatMap((family) => {
      const syn = [...tcp(family), FIRST_PACKET];
      const early = peers.map((peer) =>
        verdict(
          "take",
          [register.match({ peer, confirmed: 0, ...alive }), ...syn],
          input.rewrite ? steps.hand : steps.takeFrom(family, peer),
          steps.cookie(input.rewrite ? FlowKind.TAKE : FlowKind.VERDICT, peer),
        ),
      );
      const confirmed = peers.map((peer) =>
        verdict(
          "take",
          [register.match({ peer, confirmed: 1, ...alive }), ...syn],
          steps.hand,
          steps.cookie(FlowKind.CONFIRM, peer),
        ),
      );
      // Where its SYNs wait or are refused until the peer is up, none can go direct before that.
      const opening = numbers(input.peersOpening).map((peer) =>
        verdict(
          "take",
          [register.match({ peer, down: DOWN.pass, ...alive }), ...syn],
          steps.pass(family),
          steps.cookie(FlowKind.VERDICT, peer),
        ),
      );
      const down = (policy: "hold" | "refuse", actions: readonly Action[], cookie?: bigint) =>
        verdict("down", [register.match({ down: DOWN[policy], ...alive }), ...syn], actions, cookie);
      return [
        ...early,
        ...opening,
        ...(policies.has("confirmed") ? confirmed : []),
        ...(policies.has("hold") ? [down("hold", [])] : []),
        ...(policies.has("refuse") ? [down("refuse", steps.hand, steps.cookie(FlowKind.REFUSE))] : []),
      ];
    });
  }
}

/** What entries of a table ask for: flows for what none asks for would be in vain. */
function policiesOf({ entries }: LookupTable): Set<string> {
  return new Set(
    entries.flatMap(({ action }) => (action.type === "pass" ? [] : [action.accept, action.whenPeerDown])),
  );
}
