import type { Priority } from "../../../driver/index.js";

/** The class of entries that name none, and of connections whose class this site does not know. */
export const DEFAULT_CLASS = "default";
export const CLASS_NAME_MAX = 63;

/** How connections are treated. Durations in milliseconds, sizes in bytes. */
export interface TrafficClass {
  readonly name: string;
  /** Absent: by the DSCP. */
  readonly priority?: Priority;
  /** Set on both sides; absent: what each application has set is kept. */
  readonly dscp?: number;
  /** Without a byte either way for so long, the connection is reset; absent: never. */
  readonly idleTimeout?: number;
  /** Of the sockets towards applications; absent: the host's. */
  readonly congestionControl?: string;
  /** Idle time after which an application is probed. Also keeps the steering of its flow from ageing. */
  readonly keepalive: number;
  /** What is sent to an application may stay unacknowledged for so long; absent: as the host has it. */
  readonly userTimeout?: number;
  readonly noDelay: boolean;
  /** Fixed sizes of the sockets' buffers; absent: the kernel finds them. */
  readonly sendBuffer?: number;
  readonly receiveBuffer?: number;
}

/** The default class where nothing else is said of it. */
export function plainClass(keepalive: number): TrafficClass {
  return { name: DEFAULT_CLASS, keepalive, noDelay: true };
}
