import type { Action, FieldMatch } from "openflow-ts";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { foreignFrames, framesOf, fromPort, refusedFrames } from "./lans.js";
import { hookPriority, TABLE_ZERO } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import type { Steps } from "./steps.js";
import { errors, FIRST_PACKET, RESET, tcp } from "./tcp.js";

/** Our flows in table 0: they see TCP, and errors of ICMP, that have not been let go yet. */
export function hookFlows(input: PipelineInput, steps: Steps): Flow[] {
  const { families, lans, access, restricted, passFrom, timeouts, layout } = input;
  const notDone = steps.register.match({ done: 0 });
  const hook = (
    step: keyof typeof hookPriority,
    match: readonly FieldMatch[],
    actions: readonly Action[],
    cookie = steps.cookie(FlowKind.HOOK),
  ) => flow(TABLE_ZERO, layout.priority + hookPriority[step], cookie, [notDone, ...match], apply(...actions));
  // Frames without a tag are all looked up where they have a LAN; which is theirs, is seen on delivery.
  const served = lans.flatMap((lan) =>
    framesOf(lan, lans.every(({ vlan }) => vlan !== undefined) ? access : []),
  );
  const lookUp = [
    steps.lookAtCanary(),
    steps.resubmit("connections"),
    steps.resubmit("lease"),
    steps.resubmit("entries"),
  ];

  return families.flatMap((family) => {
    const answers = { family, reversed: true };
    const restore = input.rewrite ? [steps.resubmit("restore")] : [];
    const plugin = lans.map(({ ofport }) => [fromPort(ofport), ...tcp(family)]);
    return [
      ...plugin.flatMap((match) => [
        hook(
          "reset",
          [...match, RESET],
          [...restore, steps.learn(0, { ...answers, idle: timeouts.finIdle }), ...steps.letGo],
        ),
        hook(
          "open",
          [...match, FIRST_PACKET],
          [...restore, steps.learn(1, { ...answers, idle: timeouts.idle }), ...steps.letGo],
        ),
        hook("letGo", match, [...restore, ...steps.letGo]),
      ]),
      ...passFrom.map((port) => hook("letGo", [fromPort(port), ...tcp(family)], steps.letGo)),
      ...[...foreignFrames(lans, access), ...refusedFrames(lans, restricted)].map((look) =>
        hook("letGo", [...tcp(family), ...look], steps.letGo),
      ),
      ...served.map((look) => hook("tcp", [...tcp(family), ...look], lookUp)),
      // An edge opens connections from its client's address, so that it is the client who is told what goes wrong.
      ...errors(family).map((match) =>
        hook("tcp", match, [...steps.hand, ...steps.letGo], steps.cookie(FlowKind.ERROR)),
      ),
    ];
  });
}
