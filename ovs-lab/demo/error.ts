export type DemoErrorCode =
  | "MISSING"
  | "NO_SPACE"
  | "NO_CONGESTION_CONTROL"
  | "WEB_SERVER"
  | "TRANSFER"
  | "CAPTURE"
  | "OUTPUT"
  | "CHECK_FAILED";

/** Why the demo could not be shown, or what it has shown to be wrong, in one line for whoever started it. */
export class DemoError extends Error {
  override readonly name = "DemoError";
  readonly code: DemoErrorCode;

  constructor(code: DemoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
