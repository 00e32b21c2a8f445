import { accessSync, constants } from "node:fs";
import { type Accelerator, type BootFiles, Qemu, text } from "./qemu.js";

const DEVICE = "/dev/kvm";
const ALIVE_WITHIN_MS = 10_000;

export interface Acceleration {
  readonly accelerator: Accelerator;
  /** Why, in a few words. */
  readonly reason: string;
}

/**
 * KVM where it runs the guest's own kernel, found out by booting that: under some clouds' hypervisors /dev/kvm opens,
 * makes a virtual processor, and never gets an ordinary kernel to its first program.
 */
export async function findAcceleration(files: BootFiles): Promise<Acceleration> {
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { accelerator: "tcg", reason: code === "ENOENT" ? `no ${DEVICE}` : `${DEVICE}: ${code}` };
  }
  const started = Date.now();
  const trouble = await boot(files);
  if (trouble !== undefined) return { accelerator: "tcg", reason: `${DEVICE} is there, but ${trouble}` };
  return { accelerator: "kvm", reason: `a guest is up after ${Date.now() - started} ms` };
}

/** Returns what kept a guest from coming up, if anything did. */
async function boot(files: BootFiles): Promise<string | undefined> {
  const qemu = new Qemu({
    boot: files,
    accelerator: "kvm",
    processors: 1,
    memoryMegabytes: 256,
    environment: { PROBE: "1" },
    console: "/dev/null",
  });
  const [said, { isLate, complaint }] = await Promise.all([text(qemu.output), qemu.end(ALIVE_WITHIN_MS)]);
  if (said.includes("alive")) return undefined;
  if (isLate) return `a guest is not up after ${ALIVE_WITHIN_MS / 1000} s`;
  return `QEMU ended: ${complaint.split("\n")[0]}`;
}
