/** A YAML text as data, together with the place of each field in it. */

import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import type { Problem } from "./errors.js";
import { sentence } from "./rule.js";

/** Keys of maps and indices of lists, from the top. */
export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place in the form that errors use: `table[2].peer`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

export class SourceDocument {
  /** The data; undefined where the text is not YAML. */
  readonly value: unknown;
  /** What makes the text no YAML. */
  readonly problems: readonly Problem[];
  readonly #lines = new LineCounter();
  readonly #document;

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const faults = [...this.#document.errors, ...this.#document.warnings];
    this.problems = faults.map((fault) => ({
      ...this.#placeAt(fault.pos[0]),
      path: "",
      message: sentence({
        found: `a fault in the YAML (${fault.message})`,
        expected: "one YAML document with each key once",
        advice: "correct this place; a text with a colon, bracket or brace in it may need quotes",
      }),
    }));
    this.value = this.problems.length === 0 ? this.#document.toJS() : undefined;
  }

  /** Where the field's value stands; where the field is missing, where the nearest field around it stands. */
  valuePlace(path: Path): Place {
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.#node(path.slice(0, depth));
      if (node !== undefined) return this.#placeAt(node.range?.[0]);
    }
    return this.#placeAt(this.#document.contents?.range?.[0]);
  }

  /** Where the field's key stands. */
  keyPlace(path: Path): Place {
    const map = this.#node(path.slice(0, -1));
    const key = path.at(-1);
    const pair = isMap(map) ? map.items.find((item) => keyOf(item) === String(key)) : undefined;
    return isScalar(pair?.key) ? this.#placeAt(pair.key.range?.[0]) : this.valuePlace(path);
  }

  #node(path: Path): Node | undefined {
    let node: unknown = this.#document.contents;
    for (const step of path) {
      const collection = isAlias(node) ? node.resolve(this.#document) : node;
      node = isCollection(collection) ? collection.get(step, true) : undefined;
    }
    return node as Node | undefined;
  }

  #placeAt(offset: number | undefined): Place {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}
