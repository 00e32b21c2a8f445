/** Counted since the mover was made, over all its sessions; what each means is said in `MoverStats`. */
export interface Counters {
  segmentsSent: number;
  segmentsRetransmitted: number;
  segmentsSpurious: number;
  segmentsLost: number;
  segmentsReceived: number;
  segmentsDuplicate: number;
  segmentsRefused: number;
  segmentsRepaired: number;
  repairsSent: number;
  repairsReceived: number;
  bytesSent: number;
  bytesReceived: number;
  buffersSent: number;
  buffersDelivered: number;
  bufferBytesSent: number;
  bufferBytesDelivered: number;
  acksSent: number;
  acksReceived: number;
  ackBytesSent: number;
  ackBytesReceived: number;
  datagramsIgnored: number;
}

export function newCounters(): Counters {
  return {
    segmentsSent: 0,
    segmentsRetransmitted: 0,
    segmentsSpurious: 0,
    segmentsLost: 0,
    segmentsReceived: 0,
    segmentsDuplicate: 0,
    segmentsRefused: 0,
    segmentsRepaired: 0,
    repairsSent: 0,
    repairsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    buffersSent: 0,
    buffersDelivered: 0,
    bufferBytesSent: 0,
    bufferBytesDelivered: 0,
    acksSent: 0,
    acksReceived: 0,
    ackBytesSent: 0,
    ackBytesReceived: 0,
    datagramsIgnored: 0,
  };
}
