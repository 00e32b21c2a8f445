export type HostErrorCode =
  | "HOST_PROGRAM_MISSING"
  | "HOST_PRIVILEGE"
  | "HOST_DESCRIPTORS"
  | "HOST_CONGESTION_CONTROL"
  | "HOST_PORT_MISSING"
  | "HOST_TAKEN"
  | "HOST_COMMAND_FAILED"
  | "HOST_SYSCTL_FAILED";

/** The host could not be made ready, or put back. The message says what failed and what to do. */
export class HostError extends Error {
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "HostError";
    this.code = code;
  }
}
