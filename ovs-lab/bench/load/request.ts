/**
 * What the load's client asks the source for: one line of JSON at the beginning of a connection. What follows is as
 * many bytes of the payload, or, for an echo, an answer of the same length to each question.
 */
import type { PayloadName } from "./payload.js";

export interface Request {
  /** Bytes wanted; null is without end. 0 asks for echoes. */
  readonly bytes: number | null;
  readonly payload: PayloadName;
}

/** Of a question, and of its answer. */
export const QUESTION_BYTES = 1024;

/** A request is padded to this length, so that who reads it knows where it ends. */
export const REQUEST_BYTES = 128;

export function encodeRequest(request: Request): Buffer {
  const line = Buffer.alloc(REQUEST_BYTES, " ");
  line.write(`${JSON.stringify(request)}\n`);
  return line;
}

export function decodeRequest(line: Buffer): Request {
  return JSON.parse(line.toString("latin1")) as Request;
}
