import { type DecodeError, EncodeError } from "../errors/error.js";
import type { Envelope, Message } from "../model/message.js";
import type { ErrorMessage } from "../model/switch.js";
import { failedHeader, OpenFlowError } from "./errors.js";

/** A request whose answer is awaited. */
export interface Transaction {
  readonly request: Message;
  /** Takes an answer; true if no other will come. */
  reply(message: Message): boolean;
  fail(error: Error): void;
}

/** The requests under way, by the identifier that their answers bear. */
export class Transactions {
  readonly #open = new Map<number, Transaction>();
  #last = 0;

  get size(): number {
    return this.#open.size;
  }

  /** An identifier that no open transaction has; never 0, which asynchronous messages bear. */
  next(): number {
    if (this.#open.size >= 0xffff_0000) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", "more requests under way than there are identifiers");
    }
    do this.#last = this.#last >= 0xffff_ffff ? 1 : this.#last + 1;
    while (this.#open.has(this.#last));
    return this.#last;
  }

  open(xid: number, transaction: Transaction): void {
    this.#open.set(xid, transaction);
  }

  /** The answer is no longer awaited. */
  forget(xid: number): void {
    this.#open.delete(xid);
  }

  /** Hands an answer to its request; false if none awaits it. */
  dispatch({ xid, message }: Envelope): boolean {
    if (message.type === "error") return this.#refuse(message, xid);
    const transaction = this.#open.get(xid);
    if (!transaction) return false;
    if (transaction.reply(message)) this.#open.delete(xid);
    return true;
  }

  /** An error is of the request that has its identifier, else of the one whose header it carries. */
  #refuse(error: ErrorMessage, xid: number): boolean {
    const inner = failedHeader(error)?.xid;
    const of = this.#open.has(xid) ? xid : inner;
    const transaction = of === undefined ? undefined : this.#open.get(of);
    if (of === undefined || !transaction) return false;
    this.#open.delete(of);
    transaction.fail(new OpenFlowError(error, xid, transaction.request));
    return true;
  }

  /** The answer came but cannot be understood; false if no request awaits it. */
  undecodable(xid: number, error: DecodeError): boolean {
    const transaction = this.#open.get(xid);
    this.#open.delete(xid);
    transaction?.fail(error);
    return transaction !== undefined;
  }

  failAll(error: Error): void {
    const failed = [...this.#open.values()];
    this.#open.clear();
    for (const transaction of failed) transaction.fail(error);
  }
}
