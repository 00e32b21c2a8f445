import type { Json } from "../json/value.js";
import { type Atom, atomToJson, compareAtoms, defaultAtom, parseAtom } from "./atom.js";
import { ModelError, syntaxError } from "./error.js";
import type { ColumnType } from "./type.js";

/**
 * The value of a column, whatever its type (RFC 7047 §5.1, `<value>`): its elements, sorted and each there
 * once; in a map `values[i]` belongs to `keys[i]`.
 */
export interface Datum {
  readonly keys: readonly Atom[];
  readonly values?: readonly Atom[];
}

/** What a column holds in a row that says nothing of it (RFC 7047 §5.2.1). */
export function defaultDatum(type: ColumnType): Datum {
  if (type.min === 0) return type.value ? { keys: [], values: [] } : { keys: [] };
  const keys = [defaultAtom(type.key.type)];
  return type.value ? { keys, values: [defaultAtom(type.value.type)] } : { keys };
}

/** Throws a `ModelError` where the JSON is no value of the type. */
export function parseDatum(type: ColumnType, json: Json): Datum {
  if (type.value) return parseMap(type, json);
  if (Array.isArray(json) && json[0] === "set") {
    const elements = members(type, json, "set");
    return sorted(elements.map((element) => parseAtom(type.key, element)));
  }
  return { keys: [parseAtom(type.key, json)] };
}

/** As the server sends them in differences: with no regard to how many elements the type wants. */
export function parseTransientDatum(type: ColumnType, json: Json): Datum {
  return parseDatum({ ...type, min: 0, max: Number.POSITIVE_INFINITY }, json);
}

function parseMap(type: ColumnType, json: Json): Datum {
  const { key, value } = type;
  const pairs = members(type, json, "map").map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw syntaxError(pair, "expected 2-element array");
    return [parseAtom(key, pair[0] as Json), value ? parseAtom(value, pair[1] as Json) : 0] as const;
  });
  return sorted(
    pairs.map(([atom]) => atom),
    pairs.map(([, atom]) => atom),
  );
}

function members(type: ColumnType, json: Json, kind: "set" | "map"): Json[] {
  const elements = Array.isArray(json) && json.length === 2 && json[0] === kind ? json[1] : undefined;
  if (!Array.isArray(elements)) throw syntaxError(json, `expected ["${kind}", <array>]`);
  const { min, max } = type;
  if (elements.length < min || elements.length > max) {
    const wanted = min === 1 && max === 1 ? "exactly one member" : `${min} to ${max} members`;
    throw syntaxError(json, `${kind} must have ${wanted} but ${elements.length} are present`);
  }
  return elements;
}

/** Makes a datum of elements in any order. Throws a `ModelError` where one is there twice. */
export function sorted(keys: readonly Atom[], values?: readonly Atom[]): Datum {
  if (keys.length < 2) return values ? { keys, values } : { keys };
  const order = [...keys.keys()].sort((a, b) => compareAtoms(keys[a] as Atom, keys[b] as Atom));
  const inOrder = order.map((index) => keys[index] as Atom);
  if (inOrder.some((key, index) => index > 0 && compareAtoms(key, inOrder[index - 1] as Atom) === 0)) {
    throw new ModelError("ovsdb error", values ? "map contains duplicate key" : "set contains duplicate");
  }
  return values ? { keys: inOrder, values: order.map((index) => values[index] as Atom) } : { keys: inOrder };
}

/** A set of one is written as its bare element. */
export function datumToJson(type: ColumnType, { keys, values = [] }: Datum): Json {
  const atoms = keys.map((atom) => atomToJson(type.key.type, atom));
  const { value } = type;
  if (value) {
    return ["map", atoms.map((atom, index) => [atom, atomToJson(value.type, values[index] as Atom)])];
  }
  return atoms.length === 1 ? (atoms[0] as Json) : ["set", atoms];
}

export function equalData(a: Datum, b: Datum): boolean {
  return compareData(a, b) === 0;
}

/** Orders data of one type: shorter ones first, then by their keys, then by their values. */
export function compareData(a: Datum, b: Datum): number {
  return (
    a.keys.length - b.keys.length ||
    compareLists(a.keys, b.keys) ||
    compareLists(a.values ?? [], b.values ?? [])
  );
}

function compareLists(a: readonly Atom[], b: readonly Atom[]): number {
  for (const [index, atom] of a.entries()) {
    const order = compareAtoms(atom, b[index] as Atom);
    if (order !== 0) return order;
  }
  return 0;
}

/** Where the key is, or undefined. */
export function findKey(datum: Datum, key: Atom): number | undefined {
  let low = 0;
  let high = datum.keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareAtoms(datum.keys[middle] as Atom, key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
