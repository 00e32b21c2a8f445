import type { Action, FieldMatch } from "openflow-ts";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { hookPriority, TABLE_ZERO } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import { type Steps, vlanMatch } from "./steps.js";
import { FIRST_PACKET, RESET, tcp } from "./tcp.js";

/** Our flows in table 0: they see TCP that has not been let go yet. */
export function hookFlows(input: PipelineInput, steps: Steps): Flow[] {
  const { families, localPort, passFrom, timeouts, layout } = input;
  const cookie = steps.cookie(FlowKind.HOOK);
  const notDone = steps.register.match({ done: 0 });
  const hook = (step: keyof typeof hookPriority, match: readonly FieldMatch[], actions: readonly Action[]) =>
    flow(TABLE_ZERO, layout.priority + hookPriority[step], cookie, [notDone, ...match], apply(...actions));
  const from = (port: number): FieldMatch => ({ field: "in_port", value: BigInt(port) });
  const lookUp = [
    steps.lookAtCanary(),
    steps.resubmit("connections"),
    steps.resubmit("lease"),
    steps.resubmit("entries"),
  ];
  const lans = ["untagged" as const, ...(input.vlan === undefined ? [] : [input.vlan]), ...input.trunk];

  return families.flatMap((family) => {
    const plugin = [from(localPort.ofport), ...tcp(family)];
    const answers = { family, reversed: true };
    const restore = input.exits ? [steps.resubmit("restore")] : [];
    return [
      hook(
        "reset",
        [...plugin, RESET],
        [...restore, steps.learn(0, { ...answers, idle: timeouts.finIdle }), ...steps.letGo],
      ),
      // With the form `rewrite` the edge opens connections from its own address, to which answers come by themselves.
      ...(input.exits
        ? []
        : [
            hook(
              "open",
              [...plugin, FIRST_PACKET],
              [steps.learn(1, { ...answers, idle: timeouts.idle }), ...steps.letGo],
            ),
          ]),
      hook("letGo", plugin, [...restore, ...steps.letGo]),
      ...passFrom.map((port) => hook("letGo", [from(port), ...tcp(family)], steps.letGo)),
      ...lans.map((vlan) => hook("tcp", [...tcp(family), vlanMatch(vlan)], lookUp)),
    ];
  });
}
