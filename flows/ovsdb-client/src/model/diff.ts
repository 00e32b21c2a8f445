import { type Atom, compareAtoms } from "./atom.js";
import type { Datum } from "./datum.js";
import { ModelError } from "./error.js";
import type { ColumnType } from "./type.js";

/**
 * The difference that leads from one datum to another, as `update2` and `update3` carry it (ovsdb-server(7)
 * §4.1.14): for a column of one element at most the new value; for a set the elements that only one of both
 * has; for a map what goes, as it was, and what comes or changes, as it is.
 */
export function diffDatum(type: ColumnType, before: Datum, after: Datum): Datum {
  return type.max === 1 ? after : symmetricDifference(before, after);
}

/**
 * What `before` becomes by a difference: taking the difference again undoes it. Throws a `ModelError` where
 * the result has too few elements for the type, or too many, so that the difference cannot have been one to
 * `before`.
 */
export function applyDiff(type: ColumnType, before: Datum, diff: Datum): Datum {
  const after = type.max === 1 ? diff : symmetricDifference(before, diff);
  const count = after.keys.length;
  // The misspelling is ovsdb-server's.
  if (count < type.min || count > type.max) {
    throw new ModelError("ovsdb error", "Datum crated by diff has size error");
  }
  return after;
}

/**
 * Walks two sorted data together. What both have is left out, but for a key with two values, which gets that
 * of `b`.
 */
function symmetricDifference(a: Datum, b: Datum): Datum {
  const keys: Atom[] = [];
  const values: Atom[] = [];
  const take = (from: Datum, index: number) => {
    keys.push(from.keys[index] as Atom);
    if (from.values) values.push(from.values[index] as Atom);
  };
  let i = 0;
  let j = 0;
  while (i < a.keys.length || j < b.keys.length) {
    const left = a.keys[i];
    const right = b.keys[j];
    const order = left === undefined ? 1 : right === undefined ? -1 : compareAtoms(left, right);
    if (order < 0) {
      take(a, i++);
    } else if (order > 0) {
      take(b, j++);
    } else {
      const old = a.values?.[i];
      const now = b.values?.[j];
      if (old !== undefined && now !== undefined && compareAtoms(old, now) !== 0) take(b, j);
      i++;
      j++;
    }
  }
  return (a.values ?? b.values) ? { keys, values } : { keys };
}
