import { OpenFlowLibraryError } from "../errors/error.js";
import { errorNames } from "../errors/names.js";
import type { Header } from "../messages/message.js";
import { decodeHeader, headerSize } from "../messages/message.js";
import type { Message } from "../model/message.js";
import type { ErrorMessage } from "../model/switch.js";
import { decodeText } from "../wire/text.js";

/** The switch answered with an error. `code` is the name of the error's code, e.g. `OFPFMFC_OVERLAP`. */
export class OpenFlowError extends OpenFlowLibraryError {
  readonly code: string;
  /** The name of the error's type, e.g. `OFPET_FLOW_MOD_FAILED`. */
  readonly typeName: string;
  readonly xid: number;
  readonly error: ErrorMessage;
  /** The request that failed, where it was sent here. */
  readonly request: Message | undefined;
  /** The header of the message that failed, as the error carries it. */
  readonly failed: Header | undefined;

  constructor(error: ErrorMessage, xid: number, request?: Message) {
    const { typeName, code } = errorNames(error);
    const what = request ? ` to ${request.type}` : "";
    super(`the switch answered ${code} (${typeName})${what}, transaction ${xid}${helloText(error)}`);
    this.name = "OpenFlowError";
    this.code = code;
    this.typeName = typeName;
    this.xid = xid;
    this.error = error;
    this.request = request;
    this.failed = failedHeader(error);
  }
}

const helloFailed = 0;

/** The header of the message that failed, whose start an error carries; a failed hello carries text. */
export function failedHeader({ errorType, data }: ErrorMessage): Header | undefined {
  return errorType !== helloFailed && data.length >= headerSize ? decodeHeader(data) : undefined;
}

/** Hello failed: the data is text. */
function helloText(error: ErrorMessage): string {
  return error.errorType === helloFailed && error.data.length > 0 ? `: ${decodeText(error.data)}` : "";
}

/** There is no connection, or it ended before the answer came. */
export class DisconnectedError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_DISCONNECTED";
  /** Whether the request had been sent, so that the switch may have done it. */
  readonly sent: boolean;

  constructor(what: string, sent: boolean, cause?: unknown) {
    super(what, { cause });
    this.name = "DisconnectedError";
    this.sent = sent;
  }
}

/** The answer did not come in time. The switch may have done the request, or may still do it. */
export class RequestTimeoutError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_TIMEOUT";

  constructor(request: string, milliseconds: number) {
    super(`no answer to ${request} within ${milliseconds} ms`);
    this.name = "RequestTimeoutError";
  }
}

/** The peers have no version of OpenFlow in common. */
export class VersionError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_NEGOTIATION";

  constructor(what: string) {
    super(what);
    this.name = "VersionError";
  }
}

/** The peer does not behave as OpenFlow demands. */
export class ProtocolError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_PROTOCOL";

  constructor(what: string, cause?: unknown) {
    super(what, { cause });
    this.name = "ProtocolError";
  }
}

/** A bundle was not committed, or it is not known whether it was. `cause` is why. */
export class BundleError extends OpenFlowLibraryError {
  readonly code = "ERR_OPENFLOW_BUNDLE";
  /** `none`: the switch has changed nothing. `unknown`: the commit was sent and not answered; look before acting. */
  readonly outcome: "none" | "unknown";
  /** Which of the messages the switch refused, where it said so. */
  readonly index: number | undefined;

  constructor(outcome: BundleError["outcome"], cause: Error, index?: number) {
    const where = index === undefined ? "" : `, message ${index}`;
    super(
      `the bundle was ${outcome === "none" ? "not committed" : "perhaps committed"}${where}: ${cause.message}`,
      {
        cause,
      },
    );
    this.name = "BundleError";
    this.outcome = outcome;
    this.index = index;
  }
}
