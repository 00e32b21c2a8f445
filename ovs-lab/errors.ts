export type LabErrorCode =
  | "NOT_ROOT"
  | "MISSING"
  | "BAD_OPTION"
  | "EXISTS"
  | "NO_LAB"
  | "NO_NODE"
  | "COMMAND_FAILED"
  | "OVS_FAILED"
  | "PLUGIN_FAILED"
  | "NOT_READY"
  | "NO_NETEM"
  | "WAN_GONE"
  | "WAN_REFUSED"
  | "GUEST_FAILED";

/** What the lab could not do, in one line for the one who asked. */
export class LabError extends Error {
  override readonly name = "LabError";
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
