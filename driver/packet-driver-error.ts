export type PacketDriverErrorCode =
  | "option" // a value is out of its bounds
  | "message" // a message that cannot be written
  | "reentrant" // called from inside itself
  | "not-lent"; // a buffer released twice, or none of ours

/** The packet driver was used in a way that it cannot be: a mistake of the caller, never of the peer. */
export class PacketDriverError extends Error {
  readonly code: PacketDriverErrorCode;

  constructor(code: PacketDriverErrorCode, message: string) {
    super(message);
    this.name = "PacketDriverError";
    this.code = code;
  }
}
