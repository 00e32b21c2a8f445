import koffi from "koffi";
import { SystemError } from "./error.js";

/**
 * The C library's calls, as they are. Pointers are `uintptr_t` numbers (addresses fit 48 bits, so they are exact);
 * koffi would quietly make EFAULT of a number passed to a `void *`. Nothing outside this folder sees an address.
 */
const libc = koffi.load("libc.so.6");

export const sys = {
  open: libc.func("int open(const char *path, int flags)"),
  close: libc.func("int close(int fd)"),
  read: libc.func("int64_t read(int fd, uintptr_t buffer, size_t count)"),
  write: libc.func("int64_t write(int fd, uintptr_t buffer, size_t count)"),
  ioctl: libc.func("int ioctl(int fd, unsigned long request, uintptr_t argument)"),
  ppoll: libc.func("int ppoll(uintptr_t fds, unsigned long count, uintptr_t timeout, uintptr_t sigmask)"),
  setns: libc.func("int setns(int fd, int type)"),
  eventfd: libc.func("int eventfd(unsigned int value, int flags)"),
  syscall: libc.func("long syscall(long number, long a, long b, long c)"),
  prctl: libc.func(
    "int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)",
  ),
  socket: libc.func("int socket(int domain, int type, int protocol)"),
  bind: libc.func("int bind(int fd, uintptr_t address, unsigned int length)"),
  connect: libc.func("int connect(int fd, uintptr_t address, unsigned int length)"),
  listen: libc.func("int listen(int fd, int backlog)"),
  accept4: libc.func("int accept4(int fd, uintptr_t address, uintptr_t length, int flags)"),
  getsockname: libc.func("int getsockname(int fd, uintptr_t address, uintptr_t length)"),
  setsockopt: libc.func("int setsockopt(int fd, int level, int name, uintptr_t value, unsigned int length)"),
  getsockopt: libc.func("int getsockopt(int fd, int level, int name, uintptr_t value, uintptr_t length)"),
  sendmsg: libc.func("int64_t sendmsg(int fd, uintptr_t message, int flags)"),
  recvmmsg: libc.func(
    "int recvmmsg(int fd, uintptr_t messages, unsigned int count, int flags, uintptr_t timeout)",
  ),
} as const;

/** The address of a Buffer's first byte. {@link Region} is its one caller: it keeps the memory alive as well. */
export function addressOf(bytes: Buffer): number {
  return Number(koffi.address(bytes));
}

/** The last call's errno; read it before anything else runs. */
export function errno(): number {
  return koffi.errno();
}

/** Passes a result on, or throws what errno says. */
export function check(result: number, syscall: string, subject?: string): number {
  if (result < 0) throw new SystemError(errno(), syscall, subject);
  return result;
}
