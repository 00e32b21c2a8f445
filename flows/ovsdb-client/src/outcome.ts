import type { RpcError } from "./rpc/errors.js";
import type { OperationResult, TransactionError } from "./transaction.js";

/**
 * What became of a transaction.
 *
 * | state       | what it means                                                                    |
 * |-------------|----------------------------------------------------------------------------------|
 * | `committed` | done                                                                             |
 * | `refused`   | the server said no; nothing was done                                             |
 * | `unsent`    | nothing was sent                                                                 |
 * | `unknown`   | sent, but the connection or the time was lost before the answer                  |
 *
 * After `unknown` the replica shows what was done, once it is synchronised again.
 */
export type Outcome =
  | { readonly state: "committed"; readonly results: readonly OperationResult[] }
  | { readonly state: "refused"; readonly error: TransactionError | RpcError }
  | { readonly state: "unsent"; readonly error: Error }
  | { readonly state: "unknown"; readonly error: OutcomeUnknownError };

/** A transaction was sent, and what became of it is not known. */
export class OutcomeUnknownError extends Error {
  readonly code = "OUTCOME_UNKNOWN";

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the transaction was sent, but its outcome is not known: ${why}; read again, then decide`, {
      cause,
    });
    this.name = "OutcomeUnknownError";
  }
}
