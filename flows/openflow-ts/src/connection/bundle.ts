import { BundleFlag } from "../model/constants.js";
import type { BundleControlType } from "../model/enumeration.js";
import type { Message } from "../model/message.js";
import { BundleError, OpenFlowError } from "./errors.js";
import { awaitReply, type Channel, type RequestOptions } from "./exchange.js";

export interface BundleOptions extends RequestOptions {
  /** All or nothing, also for packets on their way (default true). */
  readonly atomic?: boolean;
  /** In the order given (default true). */
  readonly ordered?: boolean;
}

let lastBundle = 0;

/**
 * Opens a bundle, adds the messages, commits. Rejects with a `BundleError` that says whether the switch has changed
 * anything; a bundle that was refused is discarded.
 */
export async function commitBundle(
  channel: Channel,
  messages: readonly Message[],
  options: BundleOptions,
): Promise<void> {
  const { atomic = true, ordered = true, ...request } = options;
  const flags = (atomic ? BundleFlag.ATOMIC : 0) | (ordered ? BundleFlag.ORDERED : 0);
  lastBundle = lastBundle >= 0xffff_ffff ? 1 : lastBundle + 1;
  const bundle = lastBundle;
  const control = (type: BundleControlType) =>
    awaitReply(channel, { type: "bundle_control", bundle, control: type, flags, properties: {} }, request);

  const refusals = new Refusals(channel);
  let committing = false;
  try {
    await control("open_request");
    for (const [index, message] of messages.entries()) {
      refusals.add({ type: "bundle_add", bundle, flags, message, properties: {} }, index);
      await channel.drained();
    }
    // Behind the barrier all refusals are here; a commit would take effect without the messages refused.
    await awaitReply(channel, { type: "barrier_request" }, request);
    refusals.throwFirst();
    committing = true;
    await control("commit_request");
  } catch (error) {
    // A refused commit has undone itself, and the message at fault was named before it.
    const outcome = committing && !(error instanceof OpenFlowError) ? "unknown" : "none";
    if (!committing) discard(() => control("discard_request"));
    throw new BundleError(outcome, refusals.first?.error ?? (error as Error), refusals.first?.index);
  } finally {
    refusals.forget();
  }
}

/** The answer is of no interest: there may be no bundle, and no connection. */
function discard(request: () => Promise<Message>): void {
  request().catch(() => {});
}

/** The messages of a bundle, each of which only an error answers. */
class Refusals {
  readonly #channel: Channel;
  readonly #open: number[] = [];
  first: { readonly error: Error; readonly index: number } | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  add(request: Message, index: number): void {
    const fail = (error: Error) => {
      this.first ??= { error, index };
    };
    try {
      this.#open.push(this.#channel.begin({ request, reply: () => false, fail }));
    } catch (error) {
      fail(error as Error);
      throw error;
    }
  }

  throwFirst(): void {
    if (this.first) throw this.first.error;
  }

  forget(): void {
    for (const xid of this.#open) this.#channel.forget(xid);
  }
}
