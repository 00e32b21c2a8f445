import { type OnReadOpts, Socket } from "node:net";
import type { WithHandle } from "./handle.js";
import type { EdgeMemory } from "./memory.js";

/** What all sockets are read into, one after another: whoever takes it copies it. */
const shared = Buffer.allocUnsafeSlow(65_536);
/** So much is read of a socket that says little, or while memory is short, for what has been read has to be held. */
const few = shared.subarray(0, 16_384);

/** Without it, Node reads each piece into a new buffer of 64 KiB. */
export class Reading implements OnReadOpts {
  /** Takes what has been read, valid during the call only. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  readonly #memory: EdgeMemory;
  #filled = false;

  constructor(memory: EdgeMemory) {
    this.#memory = memory;
  }

  /** For Node: what the next piece goes into. */
  readonly buffer = (): Uint8Array => (this.#filled && !this.#memory.pressed ? shared : few);

  /** For Node. */
  readonly callback = (length: number, buffer: Uint8Array): boolean => {
    this.#filled = length === buffer.length;
    this.onBytes(buffer.subarray(0, length));
    return true;
  };

  /**
   * The connection of an accepted socket, in a socket that reads so: Node has `onread` for sockets that are made by
   * hand only. Nothing may have been done with the accepted one yet; it is no more than a shell afterwards.
   */
  adopt(accepted: Socket): Socket {
    const shell = accepted as WithHandle;
    const handle = shell._handle;
    shell._handle = null;
    const socket = new Socket({ allowHalfOpen: true, ...{ handle, onread: this } });
    accepted.destroy();
    return socket;
  }
}
