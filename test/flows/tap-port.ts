import { setTimeout as sleep } from "node:timers/promises";
import { close, inNetworkNamespace, openTun, Region, read, write } from "../../driver/ffi/index.js";

const LARGEST_FRAME = 65_536;

/** A host of one tap: what the test writes comes in by the bridge's port of that name, what goes out there the test reads. */
export class TapPort {
  readonly #fd: number;
  readonly #region = new Region(LARGEST_FRAME);

  constructor(namespace: string, name: string) {
    this.#fd = inNetworkNamespace(`/var/run/netns/${namespace}`, () => openTun({ name, mode: "tap" }).fd);
  }

  send(frame: Uint8Array): void {
    this.#region.bytes.set(frame);
    const written = write(this.#fd, this.#region, 0, frame.length);
    if (written !== frame.length) throw new Error(`write gave ${written}`);
  }

  /** The next frame that is as asked for; undefined when none comes in time. Others are dropped. */
  async receive(wanted: (frame: Buffer) => boolean, milliseconds = 2000): Promise<Buffer | undefined> {
    for (const end = Date.now() + milliseconds; ; ) {
      const length = read(this.#fd, this.#region, 0, LARGEST_FRAME);
      if (length > 0) {
        const frame = Buffer.from(this.#region.bytes.subarray(0, length));
        if (wanted(frame)) return frame;
      } else {
        if (Date.now() > end) return undefined;
        await sleep(5);
      }
    }
  }

  close(): void {
    close(this.#fd);
    this.#region.free();
  }
}
