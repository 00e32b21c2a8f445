import type { Action, ActionOf, ActionType } from "../model/action.js";
import type { ActionVersion } from "../version.js";
import type { Codec } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

/** What of an action follows its header. */
export type Body<T> = Omit<T, "type">;

/** An action's number on the wire and how what follows the header is read and written. */
export interface ActionEntry {
  readonly type: ActionType;
  readonly number: number;
  /** Bytes that the action takes at least, header included. */
  readonly minimum: number;
  /** The first and the last version in which OVS takes it. */
  readonly since: ActionVersion;
  readonly until: ActionVersion;
  /** The error for bytes behind the contents that are not zero; without one they may be anything. */
  readonly tailError: string | undefined;
  read(reader: Reader): Action;
  write(writer: Writer, action: Action): void;
  /** Whether this is the number to write the action with, where its type has several. */
  accepts(action: Action): boolean;
}

export interface EntryOptions<A> {
  readonly minimum?: number;
  readonly since?: ActionVersion;
  readonly until?: ActionVersion;
  readonly tailError?: string;
  readonly accepts?: (action: A) => boolean;
}

/** One row of the tables of actions. Trailing padding to a multiple of 8 bytes is not part of `codec`. */
export function entry<T extends ActionType>(
  number: number,
  type: T,
  codec: Codec<Body<ActionOf<T>>>,
  options: EntryOptions<ActionOf<T>> = {},
): ActionEntry {
  const { minimum = 8, since = 1, until = 6, tailError, accepts } = options;
  return {
    type,
    number,
    minimum,
    since,
    until,
    tailError,
    read: (reader) => ({ type, ...codec.read(reader) }) as Action,
    // The table that finds this entry has compared the types.
    write: (writer, action) => codec.write(writer, action as unknown as ActionOf<T>),
    accepts: (action) => accepts === undefined || accepts(action as unknown as ActionOf<T>),
  };
}

/** Entries by number and by type. */
export class ActionTable {
  readonly #byNumber = new Map<number, ActionEntry>();
  readonly #byType = new Map<string, ActionEntry[]>();

  constructor(entries: readonly ActionEntry[]) {
    for (const one of entries) {
      this.#byNumber.set(one.number, one);
      this.#byType.set(one.type, [...(this.#byType.get(one.type) ?? []), one]);
    }
  }

  byNumber(number: number): ActionEntry | undefined {
    return this.#byNumber.get(number);
  }

  for(action: Action): ActionEntry | undefined {
    return this.#byType.get(action.type)?.find((candidate) => candidate.accepts(action));
  }
}
