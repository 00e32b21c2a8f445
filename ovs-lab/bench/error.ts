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
