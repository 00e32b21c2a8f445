import { hex } from "../fields/hexadecimal.js";
import { type Field, fieldByName } from "../fields/registry.js";
import { formatValue } from "../fields/value.js";
import type { FieldPosition } from "../model/match.js";
import type { LearnAction, LearnSpec } from "../model/nicira-action.js";
import { LearnFlag } from "../model/nicira-action.js";
import { fieldName, formatPlace } from "./field.js";

/** `learn` has this priority where nothing else is said. */
const defaultPriority = 0x8000;

/** The field, where these are all of its bits. */
function wholeField(place: FieldPosition, bits: number): Field | undefined {
  const field = place.field === "unknown" || place.offset !== 0 ? undefined : fieldByName(place.field);
  return field && !field.variable && field.bits === bits ? field : undefined;
}

function formatSpec(spec: LearnSpec): string {
  const source = "value" in spec ? hex(spec.value) : formatPlace(spec.from, spec.bits);
  if (spec.kind === "output") return `output:${source}`;
  const target = formatPlace(spec.to, spec.bits);
  const whole = spec.kind === "match" && "value" in spec ? wholeField(spec.to, spec.bits) : undefined;
  if (whole && "value" in spec) return `${fieldName(whole)}=${formatValue({ value: spec.value }, whole)}`;
  if (spec.kind === "load") return `load:${source}->${target}`;
  return source === target ? target : `${target}=${source}`;
}

/** `learn(table=2,idle_timeout=10,…)` as `ovs-ofctl` writes it. */
export function formatLearn(action: LearnAction): string {
  const number = (name: string, value: number | undefined, usual = 0) =>
    value === undefined || value === usual ? [] : [`${name}=${value}`];
  const parts = [
    `table=${action.table}`,
    ...number("idle_timeout", action.idleTimeout),
    ...number("hard_timeout", action.hardTimeout),
    ...number("fin_idle_timeout", action.finIdleTimeout),
    ...number("fin_hard_timeout", action.finHardTimeout),
    ...number("priority", action.priority, defaultPriority),
    ...(action.flags & LearnFlag.SEND_FLOW_REM ? ["send_flow_rem"] : []),
    ...(action.flags & LearnFlag.DELETE_LEARNED ? ["delete_learned"] : []),
    ...(action.cookie === 0n ? [] : [`cookie=${hex(action.cookie)}`]),
    ...number("limit", action.limit),
    ...(action.result ? [`result_dst=${formatPlace(action.result, 1)}`] : []),
    ...action.specs.map(formatSpec),
  ];
  return `learn(${parts.join(",")})`;
}
