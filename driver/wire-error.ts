/** What was wrong with bytes that came from a peer; the names are stable, for counters and tests. */
export type WireErrorCode =
  | "truncated" // a field or its data runs past the end of what is there
  | "version" // another version of the format
  | "type" // a function type or flag that this version does not know
  | "header-length" // the header's own length and its flags contradict each other
  | "addresses" // addresses are missing where they belong, or present where they do not
  | "count" // more or fewer messages than announced
  | "length" // an announced length is out of its bounds
  | "compression"; // the compressed block is damaged, or is not as long as announced

/**
 * Bytes from a peer that do not follow docs/wire-format.md.
 *
 * `offset` is where in the buffer, in bytes from the start of the part being read.
 */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly offset: number;

  constructor(code: WireErrorCode, offset: number, what: string) {
    super(`${what} (at byte ${offset}); the peer sent something that version 1 of the format does not allow`);
    this.name = "WireError";
    this.code = code;
    this.offset = offset;
  }
}
