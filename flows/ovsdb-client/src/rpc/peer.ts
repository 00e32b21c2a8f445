import { stringifyJson } from "../json/stringify.js";
import { isObject, type Json, type JsonObject } from "../json/value.js";
import { DeadlineError, ProtocolError, RpcError } from "./errors.js";

export interface RequestOptions<T> {
  /** Milliseconds until the promise rejects with a `DeadlineError`. */
  timeout: number;
  signal?: AbortSignal | undefined;
  /**
   * Turns the result into what the promise gives. It runs in the order of the stream, before any message that
   * came after the reply is looked at, which a promise's continuation does not.
   */
  decode: (result: Json) => T;
}

export interface Notification {
  readonly method: string;
  readonly params: readonly Json[];
}

interface Pending {
  resolve(result: Json): void;
  reject(error: Error): void;
}

/**
 * One side of a JSON-RPC 1.0 conversation (RFC 7047 §4): ids, replies, deadlines; `echo` from the other side
 * is answered at once. It knows no sockets: what it has to say goes to `send`, what arrives comes to
 * `receive`.
 */
export class RpcPeer {
  readonly #send: (text: string) => void;
  readonly #onNotification: (notification: Notification) => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #closed: Error | undefined;

  constructor(send: (text: string) => void, onNotification: (notification: Notification) => void) {
    this.#send = send;
    this.#onNotification = onNotification;
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#pending.size;
  }

  /**
   * Sends a request. Rejects with `RpcError` (the server's answer is an error), `DeadlineError`, the signal's
   * reason, or the reason that `close` was given.
   */
  request<T>(method: string, params: Json[], options: RequestOptions<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (options.signal?.aborted) return reject(options.signal.reason);
      const id = this.#nextId++;
      const give = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", abort);
        this.#pending.delete(id);
      };
      const fail = (error: Error) => {
        give();
        reject(error);
      };
      const abandon = (error: Error) => {
        // Asks the server to drop it too (RFC 7047 §4.1.4); it answers whatever comes of that, to nobody.
        if (method === "transact") this.notify("cancel", [id]);
        fail(error);
      };
      const abort = () => abandon(options.signal?.reason as Error);
      const timer = setTimeout(() => abandon(new DeadlineError(method, options.timeout)), options.timeout);
      options.signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        resolve: (result) => {
          give();
          try {
            resolve(options.decode(result));
          } catch (error) {
            reject(error);
          }
        },
        reject: fail,
      });
      this.#send(stringifyJson({ method, params, id }));
    });
  }

  notify(method: string, params: Json[]): void {
    if (!this.#closed) this.#send(stringifyJson({ method, params, id: null }));
  }

  /** Takes a message from the other side. Throws a `ProtocolError` where it is not JSON-RPC. */
  receive(message: Json): void {
    if (!isObject(message)) throw new ProtocolError("a JSON-RPC message must be an object");
    if (typeof message["method"] === "string") this.#receiveCall(message, message["method"]);
    else this.#receiveReply(message);
  }

  /** Rejects whatever is outstanding, and whatever is asked later. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const pending of [...this.#pending.values()]) pending.reject(this.#closed);
  }

  #receiveCall(message: JsonObject, method: string): void {
    const params = message["params"];
    const id = message["id"];
    if (!Array.isArray(params)) throw new ProtocolError(`"${method}" came without its parameters`);
    if (id === null || id === undefined) {
      this.#onNotification({ method, params });
    } else if (method === "echo") {
      this.#send(stringifyJson({ result: params, error: null, id }));
    } else {
      this.#send(stringifyJson({ result: null, error: "unknown method", id }));
    }
  }

  #receiveReply(message: JsonObject): void {
    if (!("result" in message || "error" in message)) {
      throw new ProtocolError("a JSON-RPC message must be a request, a notification or a reply");
    }
    const id = message["id"];
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    // Nobody waits for it any longer.
    if (!pending) return;
    const error = message["error"] ?? null;
    if (error === null) pending.resolve(message["result"] ?? null);
    else pending.reject(new RpcError(error));
  }
}
