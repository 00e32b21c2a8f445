import { getSystemErrorName } from "node:util";

/** A system call that failed: `code` is the errno's name ("EPERM"), `syscall` the call and what it was about. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(errno: number, syscall: string, subject?: string) {
    const code = getSystemErrorName(-errno);
    super(`${syscall}${subject === undefined ? "" : ` ${subject}`}: ${code}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}
