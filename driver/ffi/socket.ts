import { isIPv4, isIPv6 } from "node:net";
import { O_CLOEXEC, O_NONBLOCK } from "./descriptor.js";
import { SystemError } from "./error.js";
import { check, errno, sys } from "./libc.js";
import { address, Region } from "./region.js";
import { decodeAddress, encodeAddress, SOCKADDR_BYTES } from "./sockaddr.js";

export type Family = "ipv4" | "ipv6";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

/** Socket options as [level, name], from the kernel's uapi headers. */
export const SocketOption = {
  reuseAddress: [1, 2],
  error: [1, 4],
  /** Urgent data is read where it stands among the rest. */
  urgentInline: [1, 10],
  sendBuffer: [1, 7],
  receiveBuffer: [1, 8],
  /** Past net.core.wmem_max; needs CAP_NET_ADMIN. */
  sendBufferForce: [1, 32],
  receiveBufferForce: [1, 33],
  mark: [1, 36],
  /** The only device by which it sends and receives. To change it takes CAP_NET_RAW. */
  bindToIfindex: [1, 62],
  transparent4: [0, 19],
  transparent6: [41, 75],
  /** A bound address without a port takes its port at connect, so that ports are shared between destinations. */
  bindAddressNoPort: [0, 24],
  ipv6Only: [41, 26],
  /** What its packets carry: the DSCP in the upper six of eight bits. */
  typeOfService4: [0, 1],
  trafficClass6: [41, 67],
  mtuDiscover4: [0, 10],
  mtuDiscover6: [41, 23],
  keepAlive: [1, 9],
  noDelay: [6, 1],
  /** Seconds of silence before the first probe, and between probes. */
  keepIdle: [6, 4],
  keepInterval: [6, 5],
  /** Probes without an answer after which the connection is given up. */
  keepCount: [6, 6],
  /** Milliseconds that sent data may stay unacknowledged before the connection is given up. */
  userTimeout: [6, 18],
  /** Bytes that may wait unsent before the socket takes no more. */
  notSentLowWater: [6, 25],
  /** A listener keeps the SYNs of what it accepts; see {@link savedSyn}. */
  saveSyn: [6, 27],
  udpSegment: [17, 103],
  udpReceiveOffload: [17, 104],
} as const satisfies Record<string, readonly [level: number, name: number]>;

/** Its value is a name. */
const TCP_CONGESTION = [6, 13] as const;
/** TCP_CA_NAME_MAX less the final zero. */
export const CONGESTION_CONTROL_NAME_MAX = 15;

/** Its value is a struct linger: two ints. */
const LINGER = [1, 13] as const;

/** From the kernel's uapi/linux/tcp.h: a socket that is being put together from parts. */
const TCP_REPAIR = [6, 19] as const;
const REPAIR_ON = 1;
/** Without the window probe that would tell the other end. */
const REPAIR_OFF = -1;

/** Its value begins with the connection's state, one byte. */
const TCP_INFO = [6, 11] as const;
const TCP_CLOSE = 7;

const TCP_SAVED_SYN = [6, 28] as const;
/** The longest IP header (IPv4 with options: 60 bytes) and the longest TCP header. */
const SYN_BYTES = 120;

/** From the kernel's uapi/linux/sockios.h. */
const SIOCOUTQ = 0x5411;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const scratch = new Region(48 + SYN_BYTES);
const ADDRESS_AT = 0;
const LENGTH_AT = 32;
const VALUE_AT = 40;

/** A socket that does not block and is not inherited. @throws SystemError */
export function socket(family: Family, type: "stream" | "datagram"): number {
  const domain = family === "ipv4" ? AF_INET : AF_INET6;
  const kind = (type === "stream" ? SOCK_STREAM : SOCK_DGRAM) | O_NONBLOCK | O_CLOEXEC;
  return check(sys.socket(domain, kind, 0), "socket");
}

/** @throws SystemError EADDRINUSE, EADDRNOTAVAIL, EACCES */
export function bind(fd: number, endpoint: Endpoint): void {
  const length = encodeAddress(scratch.bytes, ADDRESS_AT, endpoint);
  check(sys.bind(fd, address(scratch, ADDRESS_AT, length), length), "bind", display(endpoint));
}

/**
 * As {@link bind}, also where somebody listens at that port at all addresses: packets still find the socket whose both
 * endpoints are theirs. While under repair, a TCP socket may bind as it likes. Needs CAP_NET_ADMIN.
 * @throws SystemError EADDRNOTAVAIL, EACCES
 */
export function bindBesideListener(fd: number, endpoint: Endpoint): void {
  repair(fd, REPAIR_ON);
  try {
    bind(fd, endpoint);
  } finally {
    repair(fd, REPAIR_OFF);
    // Repair has taken it away.
    setOption(fd, "reuseAddress", 1);
  }
}

function repair(fd: number, value: number): void {
  const [level, name] = TCP_REPAIR;
  scratch.bytes.writeInt32LE(value, VALUE_AT);
  check(sys.setsockopt(fd, level, name, address(scratch, VALUE_AT, 4), 4), "setsockopt", "repair");
}

/**
 * Whether a TCP connection has ended by an error, such as a reset, that the socket has not told yet. It will not tell it
 * any more. Errors that a connection outlives (an ICMP message) are left alone.
 */
export function takeFatalError(fd: number): boolean {
  const [level, name] = TCP_INFO;
  scratch.bytes.writeUInt32LE(1, LENGTH_AT);
  check(
    sys.getsockopt(fd, level, name, address(scratch, VALUE_AT, 1), address(scratch, LENGTH_AT, 4)),
    "getsockopt",
    "info",
  );
  return scratch.bytes[VALUE_AT] === TCP_CLOSE && getOption(fd, "error") !== 0;
}

/**
 * IP and TCP headers of the SYN that a connection was accepted with, a view that the next call here overwrites. It can be
 * had once, also of a connection that has been reset meanwhile. Undefined without `saveSyn` at the listener, or where the
 * kernel kept none (SYN cookies).
 */
export function savedSyn(fd: number): Buffer | undefined {
  const [level, name] = TCP_SAVED_SYN;
  scratch.bytes.writeUInt32LE(SYN_BYTES, LENGTH_AT);
  const result = sys.getsockopt(
    fd,
    level,
    name,
    address(scratch, VALUE_AT, SYN_BYTES),
    address(scratch, LENGTH_AT, 4),
  );
  const length = scratch.bytes.readUInt32LE(LENGTH_AT);
  return result === 0 && length > 0 ? scratch.bytes.subarray(VALUE_AT, VALUE_AT + length) : undefined;
}

/** Bytes that the other end of a TCP connection has not acknowledged; those not sent yet are among them. */
export function unacknowledged(fd: number): number {
  check(sys.ioctl(fd, SIOCOUTQ, address(scratch, VALUE_AT, 4)), "ioctl", "SIOCOUTQ");
  return scratch.bytes.readInt32LE(VALUE_AT);
}

/** Starts to connect: true when connected at once, false while in progress. @throws SystemError */
export function connect(fd: number, endpoint: Endpoint): boolean {
  const length = encodeAddress(scratch.bytes, ADDRESS_AT, endpoint);
  if (sys.connect(fd, address(scratch, ADDRESS_AT, length), length) === 0) return true;
  const EINPROGRESS = 115;
  if (errno() === EINPROGRESS) return false;
  check(-1, "connect", display(endpoint));
  return false;
}

export function listen(fd: number, backlog: number): void {
  check(sys.listen(fd, backlog), "listen");
}

/** A connection that waits at a listening socket, as a socket that does not block; undefined if there is none. @throws SystemError EMFILE, ENFILE */
export function accept(fd: number): { readonly fd: number; readonly endpoint: Endpoint } | undefined {
  scratch.bytes.writeUInt32LE(SOCKADDR_BYTES, LENGTH_AT);
  const accepted = sys.accept4(
    fd,
    address(scratch, ADDRESS_AT, SOCKADDR_BYTES),
    address(scratch, LENGTH_AT, 4),
    O_NONBLOCK | O_CLOEXEC,
  );
  if (accepted >= 0) return { fd: accepted, endpoint: decodeAddress(scratch.bytes, ADDRESS_AT) };
  const EMFILE = 24;
  const ENFILE = 23;
  const code = errno();
  // What else accept(2) says is of the connection: that it is not there, or gone already.
  if (code === EMFILE || code === ENFILE) throw new SystemError(code, "accept4");
  return undefined;
}

/** The address and port that the socket is bound to. */
export function localEndpoint(fd: number): Endpoint {
  scratch.bytes.writeUInt32LE(SOCKADDR_BYTES, LENGTH_AT);
  check(
    sys.getsockname(fd, address(scratch, ADDRESS_AT, SOCKADDR_BYTES), address(scratch, LENGTH_AT, 4)),
    "getsockname",
  );
  return decodeAddress(scratch.bytes, ADDRESS_AT);
}

export function setOption(fd: number, option: keyof typeof SocketOption, value: number): void {
  const [level, name] = SocketOption[option];
  scratch.bytes.writeInt32LE(value, VALUE_AT);
  check(sys.setsockopt(fd, level, name, address(scratch, VALUE_AT, 4), 4), "setsockopt", option);
}

export function getOption(fd: number, option: keyof typeof SocketOption): number {
  const [level, name] = SocketOption[option];
  scratch.bytes.writeUInt32LE(4, LENGTH_AT);
  check(
    sys.getsockopt(fd, level, name, address(scratch, VALUE_AT, 4), address(scratch, LENGTH_AT, 4)),
    "getsockopt",
    option,
  );
  return scratch.bytes.readInt32LE(VALUE_AT);
}

/** The congestion control of a TCP socket, by its name. @throws SystemError ENOENT where the kernel has none of that name, EPERM */
export function setCongestionControl(fd: number, name: string): void {
  if (name.length === 0 || Buffer.byteLength(name) > CONGESTION_CONTROL_NAME_MAX)
    throw new RangeError(`congestion control "${name}": 1 to ${CONGESTION_CONTROL_NAME_MAX} bytes expected`);
  const [level, option] = TCP_CONGESTION;
  const length = scratch.bytes.write(name, VALUE_AT, "latin1");
  check(
    sys.setsockopt(fd, level, option, address(scratch, VALUE_AT, length), length),
    "setsockopt",
    `congestion control ${name}`,
  );
}

/** The DSCP of what a socket of that family sends, 0 to 63. */
export function setDscp(fd: number, family: Family, dscp: number): void {
  setOption(fd, family === "ipv4" ? "typeOfService4" : "trafficClass6", dscp << 2);
}

/**
 * Makes the close of the socket a reset, or no longer: what is unsent is dropped, and the other end sees RST (SO_LINGER
 * of 0 s). It holds for the close that the kernel does when the process is killed as well.
 */
export function abortOnClose(fd: number, abort: boolean): void {
  const [level, name] = LINGER;
  scratch.bytes.writeInt32LE(abort ? 1 : 0, VALUE_AT);
  scratch.bytes.writeInt32LE(0, VALUE_AT + 4);
  check(sys.setsockopt(fd, level, name, address(scratch, VALUE_AT, 8), 8), "setsockopt", "linger");
}

/** Lets the socket bind and receive at addresses that are not this host's (IP_TRANSPARENT). Needs CAP_NET_ADMIN. */
export function setTransparent(fd: number, family: Family): void {
  setOption(fd, family === "ipv4" ? "transparent4" : "transparent6", 1);
}

export function familyOf(ip: string): Family {
  if (isIPv4(ip)) return "ipv4";
  if (isIPv6(ip)) return "ipv6";
  throw new RangeError(`"${ip}" is not an IP address`);
}

function display({ address: ip, port }: Endpoint): string {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`;
}
