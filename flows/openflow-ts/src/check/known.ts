import { InvalidError } from "../errors/error.js";

/** Throws an `InvalidError` for a value of an enumeration that has no name. */
export function checkKnown(code: string, what: string, value: string | number): void {
  if (typeof value === "number") throw new InvalidError(code, `${what} ${value}`);
}
