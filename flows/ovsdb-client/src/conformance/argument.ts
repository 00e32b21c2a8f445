import { parseJson } from "../json/parse.js";
import type { Json } from "../json/value.js";
import { syntaxError } from "../model/error.js";
import { parseTable, type TableSchema } from "../model/schema.js";

/** An argument that is an array of one stands for its element. */
export function unboxed(text: string): Json {
  const json = parseJson(text);
  return Array.isArray(json) && json.length === 1 ? (json[0] as Json) : json;
}

export function listOf(json: Json): Json[] {
  if (!Array.isArray(json)) throw syntaxError(json, "array expected");
  return json;
}

export function tableOf(text: string): TableSchema {
  return parseTable("mytable", unboxed(text));
}
