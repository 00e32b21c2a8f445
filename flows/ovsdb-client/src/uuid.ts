declare const tableOf: unique symbol;

/**
 * The identity of a row, in the canonical lower-case form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
 * `T` names the table that the row is in, so that the UUID of a port is not taken for that of a bridge.
 */
export type Uuid<T extends string = string> = string & { readonly [tableOf]: T };

/** Stands for a row that the same transaction inserts (RFC 7047 §5.1, `<named-uuid>`). */
export class NamedUuid<T extends string = string> {
  declare readonly [tableOf]: T;
  /** An `<id>`: letters, digits and underscores, not beginning with a digit. */
  readonly name: string;

  constructor(name: string) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new TypeError(
        `"${name}" cannot name a row: use letters, digits and underscores, not beginning with a digit`,
      );
    }
    this.name = name;
  }
}

export const ZERO_UUID = "00000000-0000-0000-0000-000000000000" as Uuid<never>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): text is Uuid {
  return UUID.test(text);
}

/** Takes a UUID from outside, e.g. from a command line. Throws a `TypeError` where it is none. */
export function uuid<T extends string = string>(text: string): Uuid<T> {
  if (!isUuid(text)) throw new TypeError(`"${text}" is not a UUID`);
  return text.toLowerCase() as Uuid<T>;
}
