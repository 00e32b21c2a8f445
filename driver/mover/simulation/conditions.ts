/** What a direction of a simulated path does to datagrams. Rates are probabilities, times are milliseconds. */
export interface Conditions {
  /** Bits per second, counted at the frame. */
  rate: number;
  /** Bytes that wait at most; what comes then is dropped. */
  queue: number;
  /** One-way propagation. */
  delay: number;
  /** Added to the delay of each datagram by itself, evenly between 0 and this, so that it reorders. */
  jitter: number;
  /** Random loss. */
  loss: number;
  /** Loss in bursts (Gilbert-Elliott): the mean of lost datagrams, and of those lost in a row. */
  burstLoss: number;
  burstLength: number;
  /** Whether loss strikes behind the bottleneck instead of before it. */
  lossBehind: boolean;
  /** This part of the datagrams is held back by `reorderDelay`. */
  reorder: number;
  reorderDelay: number;
  duplicate: number;
  /** This part of the datagrams has bits flipped. */
  corrupt: number;
  /** Whether UDP's check sum finds them. */
  checksum: boolean;
  /** Longer frames (see `frame`) are lost, unless they may be cut into fragments and the path carries those. Bytes. */
  mtu: number;
  fragments: boolean;
  /** The link is cut. */
  cut: boolean;
  /** Bytes that a frame has beside the UDP payload: Ethernet, IPv4 and UDP headers. */
  frame: number;
}

export const PERFECT: Readonly<Conditions> = {
  rate: Number.POSITIVE_INFINITY,
  queue: Number.POSITIVE_INFINITY,
  delay: 0,
  jitter: 0,
  loss: 0,
  burstLoss: 0,
  burstLength: 5,
  lossBehind: false,
  reorder: 0,
  reorderDelay: 5,
  duplicate: 0,
  corrupt: 0,
  checksum: true,
  mtu: Number.POSITIVE_INFINITY,
  fragments: true,
  cut: false,
  frame: 42,
};
