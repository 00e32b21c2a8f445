import { close } from "./descriptor.js";
import { check, sys } from "./libc.js";

/** The same on every architecture (asm-generic/unistd.h). */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

/**
 * A descriptor of our own for what another process has open as `fd` (pidfd_getfd(2), Linux 5.6). What is done to it, such
 * as a socket option, is done to the other's. @throws SystemError ESRCH, EBADF; EPERM without CAP_SYS_PTRACE
 */
export function descriptorOf(pid: number, fd: number): number {
  const process = check(Number(sys.syscall(SYS_PIDFD_OPEN, pid, 0, 0)), "pidfd_open", `process ${pid}`);
  try {
    return check(Number(sys.syscall(SYS_PIDFD_GETFD, process, fd, 0)), "pidfd_getfd", `descriptor ${fd}`);
  } finally {
    close(process);
  }
}
