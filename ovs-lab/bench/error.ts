export type BenchErrorCode =
  | "BAD_OPTION"
  | "NOT_ROOT"
  | "LOAD_FAILED"
  | "CONTENDER_FAILED"
  | "NOT_INSTALLED"
  | "RESULT_UNREADABLE"
  | "OUTPUT"
  | "TOO_LONG";

/** Why something could not be measured, in one line. */
export class BenchError extends Error {
  override readonly name = "BenchError";
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Somebody wants the bench to end before it is done. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code = "INTERRUPTED";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}
