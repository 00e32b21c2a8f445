/** Base of all errors of this library; `code` says which it is. */
export abstract class OpenFlowLibraryError extends Error {
  abstract readonly code: string;
}

/**
 * Bytes that are no valid OpenFlow. `code` is the name of the error that a switch would answer with, e.g.
 * `OFPBAC_BAD_LEN`; `offset` is where in the message the decoder stood.
 */
export class DecodeError extends OpenFlowLibraryError {
  readonly code: string;
  readonly offset: number;

  constructor(code: string, offset: number, what: string) {
    super(`${what} (at byte ${offset}; ${code})`);
    this.name = "DecodeError";
    this.code = code;
    this.offset = offset;
  }
}

/** A message that cannot be written: a number out of range, or something that the version does not have. */
export class EncodeError extends OpenFlowLibraryError {
  readonly code:
    | "ERR_OPENFLOW_RANGE"
    | "ERR_OPENFLOW_VERSION"
    | "ERR_OPENFLOW_TOO_LONG"
    | "ERR_OPENFLOW_VALUE";

  constructor(code: EncodeError["code"], what: string) {
    super(what);
    this.name = "EncodeError";
    this.code = code;
  }
}

/** Text that is no value, field, match or address. */
export class ParseError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_PARSE";

  constructor(what: string) {
    super(what);
    this.name = "ParseError";
  }
}

/**
 * Something that can be encoded and that no switch would take. `code` is the name of the error that the switch would
 * answer with, e.g. `OFPBMC_BAD_PREREQ`.
 */
export class InvalidError extends OpenFlowLibraryError {
  readonly code: string;

  constructor(code: string, what: string) {
    super(`${what} (${code})`);
    this.name = "InvalidError";
    this.code = code;
  }
}
