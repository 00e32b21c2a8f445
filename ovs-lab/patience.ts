const VARIABLE = "OVS_TPO_SLOW";

/**
 * How many times its usual length every time limit of the lab and of the tests is: the environment's OVS_TPO_SLOW, for
 * machines that are slow by nature, such as an emulated one. Nothing that measures may be told by it.
 */
export const patience = parsePatience(process.env[VARIABLE]);

function parsePatience(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const factor = Number(text);
  if (factor >= 1 && factor <= 1000) return factor;
  throw new RangeError(`${VARIABLE} "${text}": expected a number from 1 to 1000`);
}
