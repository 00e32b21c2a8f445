import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { spawnCommand } from "../command.js";

/** "tcg" emulates the processor: 7 to 20 times slower, and everywhere. */
export type Accelerator = "kvm" | "tcg";

/** What a guest boots, by path. */
export interface BootFiles {
  readonly kernel: string;
  readonly initramfs: string;
}

export interface QemuOptions {
  readonly boot: BootFiles;
  readonly accelerator: Accelerator;
  readonly processors: number;
  readonly memoryMegabytes: number;
  /** For the initramfs's `init`; names and values without blanks. */
  readonly environment: Readonly<Record<string, string>>;
  /** A file for the kernel's messages. */
  readonly console: string;
  /** The socket of the virtiofsd that serves the guest's root, if it is to have one. */
  readonly share?: string;
}

/** How a QEMU ended. */
export interface QemuEnd {
  /** Not by itself, but because its time was over. */
  readonly isLate: boolean;
  /** What it printed of its own. */
  readonly complaint: string;
}

/** Runs a command that ends when this process does, however that may end. */
export function withParent(argv: readonly string[]): string[] {
  return ["setpriv", "--pdeathsig", "KILL", "--", ...argv];
}

/** A QEMU, which ends when its guest powers off, restarts or panics. */
export class Qemu {
  /** What the guest writes to /dev/vport0p1. */
  readonly output: Readable;
  /** What the guest writes to /dev/vport0p2. */
  readonly news: Readable;
  readonly #process: ChildProcess;
  readonly #complaint: Promise<string>;

  constructor(options: QemuOptions) {
    const argv = withParent([
      "qemu-system-x86_64",
      ...machine(options),
      ...ports(),
      ...sharedFolder(options),
    ]);
    this.#process = spawnCommand(argv, { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
    const [, , complaints, output, news] = this.#process.stdio;
    this.output = output as Readable;
    this.news = news as Readable;
    this.#complaint = text(complaints as Readable);
  }

  /** Resolves when it has ended, to which it is brought after `within` milliseconds. */
  async end(within: number): Promise<QemuEnd> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#process.kill("SIGKILL");
    }, within);
    await once(this.#process, "close");
    clearTimeout(timer);
    return { isLate, complaint: (await this.#complaint).trim() };
  }

  kill(): Promise<void> {
    return kill(this.#process);
  }
}

/** Resolves when the process is gone. */
export async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, "exit");
  process.kill("SIGKILL");
  await ended;
}

/** All of a stream. */
export async function text(stream: Readable): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
}

function machine(options: QemuOptions): string[] {
  const { boot, accelerator, processors, memoryMegabytes, environment, console } = options;
  const words = ["console=ttyS0", "loglevel=5", "panic=-1", "mitigations=off"];
  words.push(...Object.entries(environment).map(([name, value]) => `${name}=${value}`));
  return [
    ...["-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-machine", "q35", "-smp", `${processors}`, "-m", `${memoryMegabytes}M`],
    ...(accelerator === "kvm"
      ? ["-accel", "kvm", "-cpu", "host"]
      : ["-accel", "tcg,thread=multi", "-cpu", "max"]),
    // virtiofsd works on the guest's memory, so that has to be shared.
    ...["-object", `memory-backend-memfd,id=memory,size=${memoryMegabytes}M,share=on`],
    ...["-numa", "node,memdev=memory"],
    ...["-kernel", boot.kernel, "-initrd", boot.initramfs, "-append", words.join(" ")],
    ...["-serial", `file:${console}`],
  ];
}

/** Descriptors 3 and 4, which Node makes as sockets, are the guest's first and second port. */
function ports(): string[] {
  const port = (number: number, descriptor: number) => [
    ...["-chardev", `socket,id=port${number},fd=${descriptor}`],
    ...["-device", `virtserialport,nr=${number},chardev=port${number}`],
  ];
  return ["-device", "virtio-serial-pci", ...port(1, 3), ...port(2, 4)];
}

function sharedFolder({ share }: QemuOptions): string[] {
  if (share === undefined) return [];
  return [
    ...["-chardev", `socket,id=share,path=${share}`],
    ...["-device", "vhost-user-fs-pci,chardev=share,tag=machine,queue-size=1024"],
  ];
}
