import { InvalidError } from "../errors/error.js";
import type { Action } from "../model/action.js";
import { type ConntrackAction, ConntrackFlag, type NatAction, NatFlag } from "../model/nicira-action.js";

const badArgument = "OFPBAC_BAD_ARGUMENT";

/** What a connection remembers: set inside `ct` alone. */
export const onlyInConntrack: ReadonlySet<string> = new Set(["ct_mark", "ct_label"]);

function destination(action: Action): string | undefined {
  switch (action.type) {
    case "set_field":
    case "reg_load2":
      return action.field.field;
    case "reg_load":
    case "reg_move":
    case "copy_field":
      return action.destination.field;
    default:
      return undefined;
  }
}

/** Inside `ct` there may be `nat`, `conjunction` (which does nothing) and what sets the connection's mark and label; other fields are judged elsewhere. */
function conntrackMayNotHold(action: Action): boolean {
  if (action.type === "nat" || action.type === "conjunction") return false;
  const field = destination(action);
  return field === undefined || (field !== "unknown" && !field.startsWith("ct_"));
}

const natFlags = Object.values(NatFlag).reduce((all, flag) => all | flag, 0);

function inOrder<T extends number | bigint>(min: T | undefined, max: T | undefined): boolean {
  return min === undefined || max === undefined || min <= max;
}

/** Throws an `InvalidError` if OVS would refuse the action. */
export function checkNat(nat: NatAction): void {
  const { flags, addressMin, addressMax, portMin, portMax } = nat;
  if ((flags & ~natFlags) !== 0) throw new InvalidError(badArgument, `nat flags 0x${flags.toString(16)}`);
  const both = (bits: number) => (flags & bits) === bits;
  if (both(NatFlag.SRC | NatFlag.DST) || both(NatFlag.PROTO_HASH | NatFlag.PROTO_RANDOM)) {
    throw new InvalidError(badArgument, "nat of source and destination, or by hash and at random, at once");
  }
  if ((flags & (NatFlag.SRC | NatFlag.DST)) === 0) return;
  if (addressMax && (!addressMin || !inOrder(addressMin.address, addressMax.address))) {
    throw new InvalidError(badArgument, "nat to a range of addresses whose end is before its start");
  }
  if (portMax !== undefined && (portMin === undefined || !inOrder(portMin, portMax))) {
    throw new InvalidError(badArgument, "nat to a range of ports whose end is before its start");
  }
}

const zoneBits = 16;

/** What OVS looks at before anything else in the action. Throws an `InvalidError`. */
export function checkForce({ flags }: ConntrackAction): void {
  if ((flags & ConntrackFlag.FORCE) !== 0 && (flags & ConntrackFlag.COMMIT) === 0) {
    throw new InvalidError(badArgument, "ct with force and without commit");
  }
}

/** Throws an `InvalidError` if OVS would refuse the action; each action inside has been judged by itself. */
export function checkConntrack({ flags, zone, actions }: ConntrackAction): void {
  if (typeof zone !== "number" && zone.bits !== zoneBits) {
    throw new InvalidError("OFPBAC_BAD_SET_LEN", `a zone of ${zone.bits} bits; it has ${zoneBits}`);
  }
  if ((flags & ConntrackFlag.COMMIT) === 0 && actions.some((inner) => inner.type !== "nat")) {
    throw new InvalidError(badArgument, "ct with actions and without commit");
  }
  for (const inner of actions) {
    if (conntrackMayNotHold(inner)) throw new InvalidError(badArgument, `${inner.type} inside ct`);
  }
}
