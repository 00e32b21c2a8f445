import { EventEmitter } from "node:events";
import { isObject, type Json } from "./json/value.js";
import { ProtocolError } from "./rpc/errors.js";
import type { Notification, RpcPeer } from "./rpc/peer.js";

export interface LockEvents {
  /** The lock is ours. */
  held: [];
  /** It is ours no longer: stolen, or the connection was lost. It is waited for again. */
  lost: [];
}

/**
 * A named lock of the server's (RFC 7047 §4.1.8): one client holds it, the others wait in line. It belongs to
 * the connection, and to that server: in a cluster all who mean the same lock must take the leader (option
 * `leaderOnly`). A transaction that must not be done without it begins with `assert`.
 */
export class Lock extends EventEmitter<LockEvents> {
  readonly name: string;
  readonly #registry: Locks;
  #held = false;

  constructor(name: string, registry: Locks) {
    super();
    this.name = name;
    this.#registry = registry;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Takes the lock from whoever holds it, who then is next in line. Throws where there is no connection. */
  steal(timeout: number): Promise<void> {
    return this.#registry.steal(this, timeout);
  }

  /** Gives it up, or leaves the line. */
  release(): void {
    this.#registry.release(this);
  }

  /** For the registry, which knows. */
  settle(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.emit(held ? "held" : "lost");
  }
}

/** The locks that a client wants, over all its connections. */
export class Locks {
  readonly #timeout: number;
  readonly #onError: (error: Error) => void;
  readonly #locks = new Map<string, Lock>();
  #peer: RpcPeer | undefined;

  /** `timeout`: milliseconds for the server's answer; `onError`: when it does not come, or makes no sense. */
  constructor(timeout: number, onError: (error: Error) => void) {
    this.#timeout = timeout;
    this.#onError = onError;
  }

  add(name: string): Lock {
    if (this.#locks.has(name)) throw new TypeError(`the lock "${name}" is asked for already`);
    const lock = new Lock(name, this);
    this.#locks.set(name, lock);
    if (this.#peer) this.#ask(this.#peer, lock);
    return lock;
  }

  /** A connection is ready: stands in line for all locks. */
  begin(peer: RpcPeer): void {
    if (this.#peer === peer) return;
    this.#peer = peer;
    for (const lock of this.#locks.values()) this.#ask(peer, lock);
  }

  /** The connection is lost, and all locks with it. */
  end(): void {
    this.#peer = undefined;
    for (const lock of this.#locks.values()) lock.settle(false);
  }

  receive({ method, params: [name] }: Notification): void {
    if (method !== "locked" && method !== "stolen") return;
    if (typeof name === "string") this.#locks.get(name)?.settle(method === "locked");
  }

  async steal(lock: Lock, timeout: number): Promise<void> {
    const peer = this.#peer;
    if (!peer) throw new TypeError(`the lock "${lock.name}" cannot be stolen without a connection`);
    // A client must leave the line before it asks again (RFC 7047 §4.1.8).
    await peer.request("unlock", [lock.name], { timeout, decode: () => lock.settle(false) });
    await peer.request("steal", [lock.name], { timeout, decode: (reply) => lock.settle(isLocked(reply)) });
  }

  release(lock: Lock): void {
    if (this.#locks.get(lock.name) !== lock) return;
    this.#locks.delete(lock.name);
    lock.settle(false);
    if (this.#peer) this.#send(this.#peer, "unlock", lock, () => undefined);
  }

  #ask(peer: RpcPeer, lock: Lock): void {
    const decode = (reply: Json) => {
      const locked = isLocked(reply);
      if (this.#locks.get(lock.name) === lock) lock.settle(locked);
    };
    this.#send(peer, "lock", lock, decode);
  }

  #send(peer: RpcPeer, method: string, lock: Lock, decode: (reply: Json) => void): void {
    peer.request(method, [lock.name], { timeout: this.#timeout, decode }).catch((error: Error) => {
      // A connection that is lost has told everybody already.
      if (this.#peer === peer) this.#onError(error);
    });
  }
}

function isLocked(reply: Json): boolean {
  if (!isObject(reply) || typeof reply["locked"] !== "boolean") throw new ProtocolError("lock: no answer");
  return reply["locked"];
}
