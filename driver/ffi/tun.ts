import { close, O_NONBLOCK, O_RDWR, openFile } from "./descriptor.js";
import { check, sys } from "./libc.js";
import { address, Region } from "./region.js";

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
/** IFNAMSIZ less the final zero. */
export const INTERFACE_NAME_MAX = 15;

export interface TunOptions {
  readonly name: string;
  readonly mode: "tap" | "tun";
  /** The device outlives the descriptor. */
  readonly persist?: boolean;
  readonly nonBlocking?: boolean;
  /** Each packet starts with a virtio_net_hdr. */
  readonly vnetHeader?: boolean;
}

/**
 * Opens a TUN or TAP device in the caller's current network namespace, making it where there is none of that name.
 * Unless `persist` is set, the device goes when the descriptor is closed, so also when the process is killed.
 * @throws SystemError EPERM without CAP_NET_ADMIN, ENOENT without /dev/net/tun, EBUSY where another process holds the device
 */
export function openTun(options: TunOptions): { readonly fd: number; readonly name: string } {
  const { name, mode, persist = false, nonBlocking = true, vnetHeader = false } = options;
  if (name.length === 0 || Buffer.byteLength(name) > INTERFACE_NAME_MAX) {
    throw new RangeError(`interface name "${name}": 1 to ${INTERFACE_NAME_MAX} bytes expected`);
  }
  const fd = openFile("/dev/net/tun", O_RDWR | (nonBlocking ? O_NONBLOCK : 0));
  const request = new Region(40);
  try {
    request.bytes.fill(0, 0, 40);
    request.bytes.write(name, 0, "ascii");
    const flags = (mode === "tap" ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (vnetHeader ? IFF_VNET_HDR : 0);
    request.bytes.writeUInt16LE(flags, 16);
    check(sys.ioctl(fd, TUNSETIFF, address(request, 0, 40)), "ioctl", `TUNSETIFF ${name}`);
    if (persist) check(sys.ioctl(fd, TUNSETPERSIST, 1), "ioctl", `TUNSETPERSIST ${name}`);
    return { fd, name };
  } catch (error) {
    close(fd);
    throw error;
  } finally {
    request.free();
  }
}
