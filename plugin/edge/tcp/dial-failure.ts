import { MessageStatus } from "../../../driver/index.js";

/** What the peer is told of a connection that could not be made. */
export function statusOfFailure(error: NodeJS.ErrnoException): MessageStatus {
  switch (error.code) {
    case "ECONNRESET":
    case "EPIPE":
      // It was connected, though we had no time to hear of it (RFC 9293 §3.5.3: before that, a reset is a refusal).
      return MessageStatus.RESET_BY_APPLICATION;
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
      return MessageStatus.UNREACHABLE;
    case "ENETUNREACH":
      return MessageStatus.NETWORK_UNREACHABLE;
    case "EACCES":
    case "EPERM":
      return MessageStatus.PROHIBITED;
    case "ETIMEDOUT":
      return MessageStatus.TIMEOUT;
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EADDRINUSE":
    case "EADDRNOTAVAIL":
      return MessageStatus.LIMIT;
    default:
      return MessageStatus.REFUSED;
  }
}
