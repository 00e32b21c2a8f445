import { type ChildProcess, spawn } from "node:child_process";

/** Seconds: the switch has noticed by then (docs/pipeline.md, "Fail to wire"), and what it had sent us before has come. */
const AFTERLIFE = 0.2;

export interface KeeperOptions {
  /** Of the sockets that are kept. */
  readonly descriptors: readonly number[];
  /** There is no keeper, or none any more; what happened to it. */
  readonly lost: (reason: string) => void;
  /** How long the sockets outlive this process, in seconds. */
  readonly afterlife?: number;
}

/**
 * Keeps listening sockets for a moment after this process has been killed: a process of its own that has them open as
 * well, and waits for a pipe to end that this process holds.
 *
 * In that moment the switch still sends what it takes. A client whose handshake had its last packet arrive where nobody
 * listens any more would believe in a connection that nobody else knows, and wait for its server's first word for ever:
 * the host does not reset it either, since the kernel speaks for foreign addresses only by a socket. So the kernel goes on
 * with handshakes, and when the keeper ends, it resets what has come of them.
 */
export class Keeper {
  readonly #child: ChildProcess;
  #stopped = false;

  constructor({ descriptors, lost, afterlife = AFTERLIFE }: KeeperOptions) {
    // One process, `read` being the shell's own. A service manager that ends what a killed service has left is waited out.
    this.#child = spawn("sh", ["-c", `trap "" TERM; read -r _; exec sleep ${afterlife}`], {
      stdio: ["pipe", "ignore", "ignore", ...descriptors],
      // A terminal's interrupt is not for it.
      detached: true,
    });
    const gone = (reason: string) => {
      if (!this.#stopped) lost(reason);
      this.#stopped = true;
    };
    this.#child.on("error", ({ message }) => gone(message));
    this.#child.on("exit", (code, signal) => gone(`it ended with ${signal ?? `status ${code}`}`));
    this.#child.unref();
  }

  /** The sockets end with this process' own descriptors. */
  stop(): void {
    this.#stopped = true;
    this.#child.kill("SIGKILL");
  }
}
