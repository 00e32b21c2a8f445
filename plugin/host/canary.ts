import { close, INTERFACE_NAME_MAX, openTun, SystemError } from "../../driver/ffi/index.js";
import { run } from "./command.js";
import { deviceExists } from "./device.js";
import { HostError } from "./error.js";

const MARK = "-alive";

const advice: Readonly<Record<string, string>> = {
  EPERM: "run ovs-tpo as root, or give it CAP_NET_ADMIN in the network namespace of ovs-vswitchd",
  ENOENT: "/dev/net/tun is missing: load the kernel's tun module",
  EBUSY: "another process holds it: is an ovs-tpo running for this port already?",
};

/** The name of the canary that belongs to a local port. */
export function canaryName(port: string): string {
  return `${port.slice(0, INTERFACE_NAME_MAX - MARK.length)}${MARK}`;
}

/**
 * A tap device that exists for as long as this process does. It is a port of the bridge, and the switch steers only
 * while that port is live: when the process is killed, the kernel takes the device down with it.
 */
export class Canary {
  readonly #name: string;
  #fd: number | undefined;
  #closed = false;
  #turn: Promise<void> = Promise.resolve();

  private constructor(name: string) {
    this.#name = name;
    this.#fd = openTap(name);
  }

  /** Throws HostError. */
  static async open(name: string): Promise<Canary> {
    const canary = new Canary(name);
    try {
      await canary.#raise();
      return canary;
    } catch (error) {
      canary.close();
      throw error;
    }
  }

  /** Makes the device anew where somebody has removed it, and takes its link up; calls take turns. Throws HostError. */
  ensure(): Promise<void> {
    const turn = this.#turn.then(async () => {
      const exists = await deviceExists(this.#name);
      if (this.#closed) return;
      if (!exists) {
        this.#release();
        this.#fd = openTap(this.#name);
      }
      await this.#raise();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  async #raise(): Promise<void> {
    // Nobody talks to it, so it needs no address of its own making.
    await run("ip", ["link", "set", "dev", this.#name, "addrgenmode", "none", "up"]);
  }

  #release(): void {
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }
}

function openTap(name: string): number {
  try {
    return openTun({ name, mode: "tap" }).fd;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const reason = advice[error.code === "EACCES" ? "EPERM" : error.code] ?? error.message;
    const code = error.code === "EPERM" || error.code === "EACCES" ? "HOST_PRIVILEGE" : "HOST_COMMAND_FAILED";
    throw new HostError(code, `cannot make the tap device ${name}: ${reason}`, error);
  }
}
