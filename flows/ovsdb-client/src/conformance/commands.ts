import { parseJson } from "../json/parse.js";
import { printJson } from "../json/stringify.js";
import type { Json } from "../json/value.js";
import { atomToJson, compareAtoms, defaultAtom, formatAtom, isAtom, parseAtom } from "../model/atom.js";
import { compareConditions, conditionsToJson, parseConditions } from "../model/condition.js";
import { datumToJson, defaultDatum, equalData, parseDatum, parseTransientDatum } from "../model/datum.js";
import { applyDiff, diffDatum } from "../model/diff.js";
import { ModelError } from "../model/error.js";
import { mutationsToJson, parseMutations } from "../model/mutation.js";
import { parseDatumRow, rowToJson } from "../model/row.js";
import {
  columnToJson,
  parseColumn,
  parseSchema,
  parseTable,
  schemaToJson,
  tableToJson,
} from "../model/schema.js";
import { formatDatum, parseAtomText, parseDatumText } from "../model/text.js";
import {
  ATOMIC_TYPES,
  type BaseType,
  baseTypeToJson,
  type ColumnType,
  columnTypeToJson,
  parseAtomicType,
  parseBaseType,
  parseColumnType,
} from "../model/type.js";
import { listOf, tableOf, unboxed } from "./argument.js";
import {
  compareRows,
  evaluateConditions,
  evaluateConditionsAny,
  executeMutations,
  query,
  queryDistinct,
} from "./table-commands.js";

type Command = (...args: string[]) => string[];

const COMMANDS: { readonly [name: string]: Command } = {
  "default-atoms": () => ATOMIC_TYPES.map((type) => `${type}: ${verdict(isAtom(type, defaultAtom(type)))}`),
  "default-data": defaultData,
  "diff-data": diffData,
  "parse-atomic-type": (type) => [printJson(parseAtomicType(unboxed(type)))],
  "parse-base-type": (type) => [printJson(baseTypeToJson(baseOf(type)))],
  "parse-type": (type) => [printJson(columnTypeToJson(typeOf(type)))],
  "parse-atoms": (type, ...atoms) => atoms.map((atom) => parseOneAtom(baseOf(type), unboxed(atom))),
  "parse-atom-strings": (type, ...texts) => texts.map((text) => parseOneAtomText(baseOf(type), text)),
  "sort-atoms": (type, list) => {
    const base = baseOf(type);
    const atoms = listOf(unboxed(list)).map((json) => parseAtom(base, json));
    return [printJson(atoms.sort(compareAtoms).map((atom) => atomToJson(base.type, atom)))];
  },
  "parse-data": (type, ...data) =>
    data.map((json) => printJson(datumToJson(typeOf(type), parseDatum(typeOf(type), unboxed(json))))),
  "parse-data-strings": (type, ...texts) =>
    texts.map((text) => formatDatum(typeOf(type), parseDatumText(typeOf(type), text))),
  "parse-column": (name, column) => [printJson(columnToJson(parseColumn(name, parseJson(column))))],
  "parse-table": (name, table, rootByDefault) => [
    printJson(tableToJson(parseTable(name, parseJson(table)), rootByDefault === "true")),
  ],
  "parse-schema": (schema) => [printJson(schemaToJson(parseSchema(parseJson(schema))))],
  "parse-rows": parseRows,
  "compare-rows": compareRows,
  "parse-conditions": (table, ...conditions) =>
    conditions.map((json) => printJson(conditionsToJson(parseConditions(tableOf(table), parseJson(json))))),
  "compare-conditions": compareConditionsPairwise,
  "evaluate-conditions": evaluateConditions,
  "evaluate-conditions-any": evaluateConditionsAny,
  "parse-mutations": (table, ...mutations) =>
    mutations.map((json) => printJson(mutationsToJson(parseMutations(tableOf(table), parseJson(json))))),
  "execute-mutations": executeMutations,
  query,
  "query-distinct": queryDistinct,
};

/** Whether there is a command of that name. */
export function hasCommand(name: string): boolean {
  return Object.hasOwn(COMMANDS, name);
}

/** Runs a command; returns the lines that it prints. Throws a `ModelError` or `JsonError` where it fails. */
export function runDatamodelCommand([name = "", ...args]: readonly string[]): string[] {
  const command = hasCommand(name) ? COMMANDS[name] : undefined;
  if (!command) throw new ModelError("unknown command", name);
  return command(...args.filter((argument) => argument !== "--"));
}

function baseOf(text: string): BaseType {
  return parseBaseType(unboxed(text));
}

function typeOf(text: string): ColumnType {
  return parseColumnType(unboxed(text));
}

function verdict(isRight: boolean): string {
  return isRight ? "OK" : "wrong";
}

function defaultData(): string[] {
  return ([0, 1] as const).flatMap((min) =>
    ATOMIC_TYPES.flatMap((key) =>
      [undefined, ...ATOMIC_TYPES].map((value) => {
        const type = { key: { type: key }, ...(value && { value: { type: value } }), min, max: 1 };
        const held = defaultDatum(type);
        const isRight = equalData(parseDatum(type, datumToJson(type, held)), held);
        return `key ${key}, value ${value ?? "void"}, n_min ${min}: ${verdict(isRight)}`;
      }),
    ),
  );
}

/** Arguments in pairs, old and new. */
function diffData(typeText: string, ...data: string[]): string[] {
  const type = typeOf(typeText);
  const lines: string[] = [];
  for (let index = 0; index + 1 < data.length; index += 2) {
    const before = parseDatum(type, unboxed(data[index] as string));
    const after = parseTransientDatum(type, unboxed(data[index + 1] as string));
    const diff = diffDatum(type, before, after);
    const again = applyDiff(type, before, diff);
    if (!equalData(again, after)) throw new ModelError("error", "failed to apply diff");
    lines.push(
      `diff: ${printJson(datumToJson(type, diff))}`,
      `apply diff: ${printJson(datumToJson(type, again))}`,
      "OK",
    );
  }
  return lines;
}

/** A fault is printed, and does not end the command. */
function parseOneAtom(base: BaseType, json: Json): string {
  try {
    return printJson(atomToJson(base.type, parseAtom(base, json)));
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
}

function parseOneAtomText(base: BaseType, text: string): string {
  const { atom, last } = parseAtomText(base, text);
  return last === undefined ? formatAtom(base.type, atom) : `${atom}-${last}`;
}

function parseRows(tableText: string, ...rows: string[]): string[] {
  const table = tableOf(tableText);
  return rows.flatMap((text) => {
    const json = unboxed(text);
    const row = parseDatumRow(table, json);
    const given = Object.keys(Object(json)).sort(compareAtoms).join(", ");
    return [printJson(rowToJson(table, row)), given || "<none>"];
  });
}

function compareConditionsPairwise(tableText: string, list: string): string[] {
  const table = tableOf(tableText);
  const conditions = listOf(parseJson(list)).map((json) => parseConditions(table, json));
  return conditions.slice(1).map((condition, index) => {
    const order = compareConditions(conditions[index] ?? [], condition);
    return `condition ${index}-${index + 1}: ${Math.sign(order)}`;
  });
}
