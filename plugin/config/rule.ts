import type { z } from "zod";
import type { Path } from "./document.js";

/** The field's value by its schema, or undefined where it does not fit (which is reported already). */
export type Read = <S extends z.ZodType>(schema: S, ...path: Path) => z.output<S> | undefined;

/** The keys of a map, or the indices of a list. */
export type Keys = (...path: Path) => readonly (string | number)[];

/** What is amiss, as parts of the sentence that errors are. */
export interface Finding {
  readonly found: string;
  readonly expected: string;
  /** What to do. */
  readonly advice: string;
}

/** A finding in one field, or a whole sentence about it. */
export type Violation = { readonly path: Path } & (Finding | { readonly message: string });

/**
 * What fields must be to each other. A rule reads the fields it needs and yields what it finds amiss. Since it reads
 * field by field, one that is wrong by itself hides nothing else: one run finds all there is.
 */
export type Rule = (read: Read, keys: Keys) => Iterable<Violation>;

export function sentence({ found, expected, advice }: Finding): string {
  return `found ${found}, expected ${expected}; ${advice}`;
}
