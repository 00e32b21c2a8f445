import { close, O_RDONLY, openFile } from "./descriptor.js";
import { check, sys } from "./libc.js";

const CLONE_NEWNET = 0x40000000;

/**
 * Runs `body` with the calling thread in the network namespace at `path` (such as /run/netns/NAME), and comes back.
 * What it opens there stays there; it must be synchronous, since the thread is back when this returns.
 */
export function inNetworkNamespace<T>(path: string, body: () => T): T {
  const home = openFile("/proc/thread-self/ns/net", O_RDONLY);
  try {
    const there = openFile(path, O_RDONLY);
    try {
      check(sys.setns(there, CLONE_NEWNET), "setns", path);
    } finally {
      close(there);
    }
    try {
      return body();
    } finally {
      check(sys.setns(home, CLONE_NEWNET), "setns", "the namespace it came from");
    }
  } finally {
    close(home);
  }
}
