import { printJson } from "../json/stringify.js";
import type { Json } from "../json/value.js";

/**
 * Data that the data model of RFC 7047 does not allow. The wording is that of ovsdb-server, so that a search
 * for either finds the other.
 */
export class ModelError extends Error {
  readonly code = "MODEL";
  /** The kind of fault: `syntax error`, `constraint violation`, `range error`, … */
  readonly tag: string;
  readonly details: string;
  /** The JSON that is at fault. */
  readonly syntax: Json | undefined;

  constructor(tag: string, details: string, syntax?: Json) {
    super(`${syntax === undefined ? "" : `syntax "${printJson(syntax)}": `}${tag}: ${details}`);
    this.name = "ModelError";
    this.tag = tag;
    this.details = details;
    this.syntax = syntax;
  }
}

export function syntaxError(syntax: Json, details: string): ModelError {
  return new ModelError("syntax error", details, syntax);
}

export function constraintViolation(details: string): ModelError {
  return new ModelError("constraint violation", details);
}
