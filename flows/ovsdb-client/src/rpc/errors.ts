import { stringifyJson } from "../json/stringify.js";
import { isObject, type Json } from "../json/value.js";

/** The server's answer to a request is an error. */
export class RpcError extends Error {
  readonly code = "RPC_ERROR";
  /** The error as the server sent it. */
  readonly error: Json;
  /** Its tag, e.g. `unknown database`. */
  readonly tag: string;

  constructor(error: Json) {
    const tag = isObject(error) && typeof error["error"] === "string" ? error["error"] : undefined;
    const details = isObject(error) && typeof error["details"] === "string" ? error["details"] : undefined;
    const text = tag ?? (typeof error === "string" ? error : stringifyJson(error));
    super(details === undefined ? text : `${text}: ${details}`);
    this.name = "RpcError";
    this.error = error;
    this.tag = text;
  }
}

/** What came from the server is not what RFC 7047 has it send. */
export class ProtocolError extends Error {
  readonly code = "PROTOCOL";

  constructor(what: string) {
    super(what);
    this.name = "ProtocolError";
  }
}

/** No answer within the time that the call allowed. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";
  /** Milliseconds that were allowed. */
  readonly timeout: number;

  constructor(what: string, timeout: number) {
    super(`"${what}" was not done within ${timeout} ms`);
    this.name = "DeadlineError";
    this.timeout = timeout;
  }
}

/** There is no connection, or it was lost. */
export class NotConnectedError extends Error {
  readonly code = "NOT_CONNECTED";

  constructor(why: string) {
    super(why);
    this.name = "NotConnectedError";
  }
}
