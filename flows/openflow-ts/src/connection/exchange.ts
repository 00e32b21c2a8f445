import { MultipartFlag } from "../model/constants.js";
import type { Message, MessageOf } from "../model/message.js";
import type { MultipartReplyBody, MultipartRequestBody } from "../model/multipart.js";
import type { Tagged } from "../model/tagged.js";
import { ProtocolError, RequestTimeoutError } from "./errors.js";
import type { Transaction } from "./transaction.js";

/** What an exchange needs of a connection. */
export interface Channel {
  /** Milliseconds that a request waits for its answer unless it says otherwise. */
  readonly requestTimeout: number;
  /** Sends a message whose answers go to `transaction`; gives its identifier. */
  begin(transaction: Transaction): number;
  /** Answers with this identifier are no longer wanted. */
  forget(xid: number): void;
  /** Fulfilled when there is room for more in the buffers, or the connection has ended. */
  drained(): Promise<void>;
}

export interface RequestOptions {
  /** Milliseconds within which the answer, or the next part of it, has to come. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** The requests that have a reply, and its type. */
export const replyTypes = {
  echo_request: "echo_reply",
  features_request: "features_reply",
  get_config_request: "get_config_reply",
  barrier_request: "barrier_reply",
  queue_get_config_request: "queue_get_config_reply",
  role_request: "role_reply",
  get_async_request: "get_async_reply",
  bundle_control: "bundle_control",
  experimenter: "experimenter",
  nx_tlv_table_request: "nx_tlv_table_reply",
} as const satisfies { readonly [T in Message["type"]]?: Message["type"] };

type Answered = keyof typeof replyTypes;

/** The reply to a request, undefined where it has none. */
export type ReplyTo<M extends Message> = M["type"] extends Answered
  ? MessageOf<(typeof replyTypes)[M["type"]]>
  : undefined;

/** Calls `expired` when the time is up or the signal aborts; the result takes both back. */
function limit(
  options: RequestOptions,
  milliseconds: number,
  what: string,
  expired: (error: Error) => void,
): () => void {
  const timer = setTimeout(() => expired(new RequestTimeoutError(what, milliseconds)), milliseconds);
  const { signal } = options;
  const abort = () => expired(signal?.reason as Error);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) queueMicrotask(abort);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
}

/** Sends a message and awaits its one reply. */
export function awaitReply(channel: Channel, request: Message, options: RequestOptions): Promise<Message> {
  const wanted = replyTypes[request.type as Answered];
  let xid: number | undefined;
  let unlimit = () => {};
  const reply = new Promise<Message>((resolve, reject) => {
    unlimit = limit(options, options.timeout ?? channel.requestTimeout, request.type, reject);
    xid = channel.begin({
      request,
      reply(message) {
        if (message.type === wanted) resolve(message);
        else reject(new ProtocolError(`${request.type} was answered by ${message.type}`));
        return true;
      },
      fail: reject,
    });
  });
  return reply.finally(() => {
    unlimit();
    if (xid !== undefined) channel.forget(xid);
  });
}

/** Sends a message that has no reply and a barrier behind it, and awaits an error or the barrier's reply. */
export function awaitBarrier(
  channel: Channel,
  request: Message,
  options: RequestOptions,
): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const xid = channel.begin({ request, reply: () => false, fail: reject });
    awaitReply(channel, { type: "barrier_request" }, options)
      .finally(() => channel.forget(xid))
      .then(() => resolve(undefined), reject);
  });
}

/** Sends a multipart request and gives the parts of the answer as they come. */
export async function* multipartParts<T extends MultipartRequestBody["type"]>(
  channel: Channel,
  body: Tagged<MultipartRequestBody, T>,
  options: RequestOptions,
): AsyncGenerator<Tagged<MultipartReplyBody, T>> {
  const request: Message = { type: "multipart_request", flags: 0, body };
  const parts: Tagged<MultipartReplyBody, T>[] = [];
  let complete = false;
  let failure: Error | undefined;
  let wake: () => void = () => {};
  const milliseconds = options.timeout ?? channel.requestTimeout;
  const stop = (error: Error) => {
    failure = error;
    wake();
  };

  const xid = channel.begin({
    request,
    reply(message) {
      if (message.type !== "multipart_reply" || message.body.type !== body.type) {
        stop(new ProtocolError(`multipart ${body.type} was answered by ${message.type}`));
        return true;
      }
      parts.push(message.body as Tagged<MultipartReplyBody, T>);
      complete = (message.flags & MultipartFlag.MORE) === 0;
      wake();
      return complete;
    },
    fail: stop,
  });
  try {
    for (;;) {
      const part = parts.shift();
      if (part) yield part;
      else if (failure) throw failure;
      else if (complete) return;
      else {
        const unlimit = limit(options, milliseconds, `multipart ${body.type}`, stop);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        unlimit();
      }
    }
  } finally {
    channel.forget(xid);
  }
}
