import { decodeCookie, Register, type SwitchLayout, TABLE_COUNT, TABLE_ZERO } from "../pipeline/index.js";
import type { BridgeFlows } from "./bridge-flows.js";

/** Somebody else's flows stand where ours are to be, or use what is to be ours alone. */
export class PlaceTakenError extends Error {
  readonly code = "place-taken";

  constructor(place: string, cookie: bigint, advice: string) {
    const theirs = decodeCookie(cookie);
    const whose =
      theirs === undefined
        ? `somebody else's flows (cookie 0x${cookie.toString(16)})`
        : `those of another ovs-tpo (instance ${theirs.instance})`;
    super(`${place} is taken by ${whose}: ${advice}`);
    this.name = "PlaceTakenError";
  }
}

/**
 * Sees that no flow of another owner is in one of our tables, where one of ours could replace it, nor goes by our
 * register's bit in table 0, as those of another instance with the same register do. Throws `PlaceTakenError`.
 */
export async function checkPlaces(flows: BridgeFlows, { firstTable, register }: SwitchLayout): Promise<void> {
  for (let table = firstTable; table < firstTable + TABLE_COUNT; table++) {
    const foreign = await flows.foreign({ table });
    if (foreign === undefined) continue;
    const advice = `set steering.first_table to the first of ${TABLE_COUNT} tables that nobody uses`;
    throw new PlaceTakenError(`table ${table}`, foreign.cookie, advice);
  }
  const done = new Register(register).match({ done: 0 });
  const foreign = await flows.foreign({ table: TABLE_ZERO, match: [done] });
  if (foreign === undefined) return;
  const advice = "set steering.register to one that nobody uses";
  throw new PlaceTakenError(`register ${register}`, foreign.cookie, advice);
}
