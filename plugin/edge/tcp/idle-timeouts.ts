/** A connection, as far as its idleness goes. */
export interface Idling {
  /** Bytes so far, each way. */
  readonly taken: number;
  readonly delivered: number;
  /** It has been idle for too long. */
  expire(): void;
}

interface Watched {
  readonly timeout: number;
  bytes: number;
  since: number;
}

/** Ends connections that have been without a byte either way for so long as they may. Times in milliseconds. */
export class IdleTimeouts {
  readonly #watched = new Map<Idling, Watched>();

  add(connection: Idling, timeout: number, now: number): void {
    this.#watched.set(connection, { timeout, bytes: bytesOf(connection), since: now });
  }

  forget(connection: Idling): void {
    this.#watched.delete(connection);
  }

  /** Looks at all of them; to be called a good deal more often than their time-outs. */
  look(now: number): void {
    for (const [connection, watched] of this.#watched) {
      const bytes = bytesOf(connection);
      if (bytes !== watched.bytes) Object.assign(watched, { bytes, since: now });
      else if (now - watched.since >= watched.timeout) connection.expire();
    }
  }
}

function bytesOf({ taken, delivered }: Idling): number {
  return taken + delivered;
}
